import { Button, Text } from '@mantine/core'
import type { ReactNode } from 'react'
import type { Refused } from '../api/api.ts'
import { Trouble } from './show.tsx'

/** A form that is saved as a whole, or not at all and says what is wrong. */
export function SavedForm({
  children,
  busy,
  error,
  back,
  onSave,
}: {
  children: ReactNode
  busy: boolean
  error: Refused | null
  /** Where whoever changes nothing goes. */
  back: string
  onSave: () => void
}) {
  return (
    <form
      className="stack"
      onSubmit={event => {
        event.preventDefault()
        onSave()
      }}
    >
      {children}
      {error && error.problems.length === 0 && <Trouble of={error} />}
      {error && error.problems.length > 0 && (
        <Text c="red" role="alert">
          Not saved: see what is written in red.
        </Text>
      )}
      <div className="row">
        <Button type="submit" loading={busy}>
          Save
        </Button>
        <Button variant="default" component="a" href={back}>
          Leave it as it is
        </Button>
      </div>
    </form>
  )
}
