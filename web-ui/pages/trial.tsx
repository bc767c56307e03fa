import { Button, NativeSelect, Table, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { type TrialReport, useTrial } from '../api/api.ts'
import { count, hrefTo, Link, list, size, Trouble } from '../elements/elements.ts'
import { StudyName } from './study.tsx'
import { StudyPicker } from './studyPicker.tsx'

/** What would have gone where; nothing is sent. Of one rule as it stands in the editor, or of all. */
export function Trial({ rule }: { rule?: object }) {
  const [of, setOf] = useState<'days' | 'studies'>('days')
  const [days, setDays] = useState('7')
  const [studies, setStudies] = useState<readonly string[]>([])
  const trial = useTrial()
  const past = of === 'days' ? { days: Number(days) } : { studies: [...studies] }
  const ready = of === 'days' ? Number(days) > 0 : studies.length > 0
  return (
    <div className="stack">
      <div className="row bottom">
        <NativeSelect
          label="Try it with"
          value={of}
          data={[
            { value: 'days', label: 'what came in the last days' },
            { value: 'studies', label: 'studies that you choose' },
          ]}
          onChange={event => setOf(event.currentTarget.value as 'days' | 'studies')}
        />
        {of === 'days' && (
          <TextInput
            type="number"
            label="Days"
            min={1}
            value={days}
            onChange={event => setDays(event.currentTarget.value)}
          />
        )}
        <Button
          variant="light"
          disabled={!ready}
          loading={trial.isPending}
          onClick={() => trial.mutate({ ...past, ...(rule ? { rule } : {}) })}
        >
          Try it, send nothing
        </Button>
      </div>
      {of === 'studies' && <StudyPicker chosen={studies} onChange={setStudies} />}
      {trial.error && trial.error.problems.length > 0 ? (
        <Text c="red" role="alert">
          It cannot be tried as it is:{' '}
          {trial.error.problems
            .map(({ path, message }) => (path ? `${path}: ${message}` : message))
            .join('; ')}
        </Text>
      ) : (
        <Trouble of={trial.error} />
      )}
      {trial.data && <Report of={trial.data} />}
    </div>
  )
}

function Report({ of }: { of: TrialReport }) {
  const destinations = Object.entries(of.destinations)
  return (
    <div className="stack" role="status">
      <Text>
        {of.instances === 0
          ? 'Nothing is kept here of that time: send a test image, or choose more days.'
          : `Of ${count(of.instances, 'image')}:`}
      </Text>
      {of.instances > 0 && (
        <ul className="plain">
          {destinations.map(([name, { instances, bytes, held, stat }]) => (
            <li key={name}>
              {count(instances, 'image')} ({size(bytes)}) would have gone to {name}
              {held > 0 && `, ${held} of them held for review`}
              {stat > 0 && `, ${stat} of them first (STAT)`}
            </li>
          ))}
          {of.dropped > 0 && <li>{count(of.dropped, 'image')} would have been dropped</li>}
          {of.untouched > 0 && <li>{count(of.untouched, 'image')} would have stayed here</li>}
        </ul>
      )}
      {of.studies.length > 0 && (
        <div className="sideways">
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Study</Table.Th>
                <Table.Th>Would have gone</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {of.studies.slice(0, shownAtMost).map(each => (
                <Table.Tr key={each.study}>
                  <Table.Td>
                    <Link to={hrefTo(['deliveries'], { study: each.study })}>
                      <StudyName id={each.study} />
                    </Link>
                  </Table.Td>
                  <Table.Td>{wayOf(each)}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {of.studies.length > shownAtMost && (
        <Text size="sm">And {of.studies.length - shownAtMost} further studies.</Text>
      )}
    </div>
  )
}

const shownAtMost = 50

function wayOf({ destinations, labels, dropped }: TrialReport['studies'][number]): string {
  const parts = [
    ...Object.entries(destinations).map(([name, n]) => `${n} to ${name}`),
    ...(dropped > 0 ? [`${dropped} dropped`] : []),
    ...(labels.length > 0 ? [`labelled ${list(labels)}`] : []),
  ]
  return parts.join(', ')
}
