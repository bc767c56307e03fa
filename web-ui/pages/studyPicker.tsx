import { Button, Checkbox, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { useFindStudies } from '../api/api.ts'
import { Trouble } from '../elements/elements.ts'
import { StudyName } from './study.tsx'

/** Finds studies kept here by what stands on the request form. */
export function StudyPicker({
  chosen,
  onChange,
}: {
  chosen: readonly string[]
  onChange: (studies: readonly string[]) => void
}) {
  const [words, setWords] = useState('')
  const find = useFindStudies()
  const found = [...new Set([...chosen, ...(find.data ?? [])])]
  return (
    <div className="stack inset">
      <form
        className="row bottom"
        onSubmit={event => {
          event.preventDefault()
          if (words.trim()) find.mutate({ words: words.trim() })
        }}
      >
        <TextInput
          label="Patient’s name, patient ID or accession number"
          value={words}
          onChange={event => setWords(event.currentTarget.value)}
        />
        <Button type="submit" variant="default" loading={find.isPending}>
          Find
        </Button>
      </form>
      <Trouble of={find.error} />
      {find.data?.length === 0 && (
        <Text size="sm">No study kept here has that. A part of the name will do.</Text>
      )}
      {found.map(id => (
        <Checkbox
          key={id}
          label={<StudyName id={id} />}
          checked={chosen.includes(id)}
          onChange={event =>
            onChange(
              event.currentTarget.checked ? [...chosen, id] : chosen.filter(each => each !== id),
            )
          }
        />
      ))}
    </div>
  )
}
