import { Button, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import {
  type Found,
  type FoundStudy,
  shownAtMost,
  useAskNode,
  useCancelJob,
  useFetch,
  useJob,
} from '../api/api.ts'
import {
  Card,
  count,
  dicomDate,
  Empty,
  Head,
  hrefTo,
  Link,
  type Place,
  personName,
  sentence,
  Trouble,
} from '../elements/elements.ts'
import { studyQuery, type Wanted } from './studyQuery.ts'

/** `#/nodes/fetch/NAME`: asks a node for studies and brings those that are chosen here. */
export function FetchPage({ place }: { place: Place }) {
  const name = place.steps[2] ?? ''
  const find = useAskNode(name)
  return (
    <>
      <Head title={`Fetch from ${name}`}>
        Studies that {name} has are asked for by what stands on the request form, and brought here
        one by one. <Link to={hrefTo(['nodes'])}>Back to all nodes</Link>
      </Head>
      <Question
        busy={find.isPending}
        onAsk={wanted => find.mutate(studyQuery(wanted))}
        key={name}
      />
      <Trouble of={find.error} />
      {find.data && <Answers name={name} of={find.data} />}
    </>
  )
}

function Question({ busy, onAsk }: { busy: boolean; onAsk: (wanted: Wanted) => void }) {
  const [wanted, setWanted] = useState<Wanted>({
    ...{ name: '', patientId: '', accessionNumber: '', from: '', to: '' },
  })
  const field = (key: keyof Wanted, label: string, more: object = {}) => (
    <TextInput
      label={label}
      value={wanted[key]}
      autoComplete="off"
      {...more}
      onChange={event => setWanted({ ...wanted, [key]: event.currentTarget.value })}
    />
  )
  const empty = Object.keys(studyQuery(wanted)).length === 0
  return (
    <form
      className="stack"
      onSubmit={event => {
        event.preventDefault()
        if (!empty) onAsk(wanted)
      }}
    >
      <div className="fields">
        {field('name', 'Patient’s name', { description: 'As it begins: Doe, Jane or Doe' })}
        {field('patientId', 'Patient ID')}
        {field('accessionNumber', 'Accession number')}
        {field('from', 'Studies from', { type: 'date' })}
        {field('to', 'until', { type: 'date' })}
      </div>
      <div className="row">
        <Button type="submit" loading={busy} disabled={empty}>
          Ask
        </Button>
        {empty && (
          <Text size="sm" c="dimmed">
            Fill in at least one of them.
          </Text>
        )}
      </div>
    </form>
  )
}

function Answers({ name, of }: { name: string; of: Found }) {
  if (of.count === 0)
    return (
      <Empty>
        {name} has no such study, or does not tell. Fewer letters of the name, or the patient ID
        alone, may find it.
      </Empty>
    )
  return (
    <section className="section" aria-label="Answers">
      <Text role="status">
        {count(of.count, 'study', 'studies')}
        {of.count > shownAtMost &&
          `; the first ${shownAtMost} are shown. Ask more closely for the others.`}
      </Text>
      {of.studies.map(each => (
        <Answer key={each.answer} of={each} />
      ))}
    </section>
  )
}

function Answer({ of: { answer, here, tags } }: { of: FoundStudy }) {
  const fetch = useFetch()
  const job = useJob(fetch.data?.ID).data
  const cancel = useCancelJob()
  const { StudyDate = '', StudyDescription, AccessionNumber, ModalitiesInStudy } = tags
  const images = Number(tags.NumberOfStudyRelatedInstances)
  const parts = [
    dicomDate(StudyDate),
    ModalitiesInStudy?.replaceAll('\\', ', '),
    StudyDescription,
    AccessionNumber && `accession ${AccessionNumber}`,
    images > 0 && count(images, 'image'),
  ]
  const over = job?.State === 'Success' || job?.State === 'Failure'
  const underWay = fetch.isPending || (fetch.isSuccess && !over)
  const patient = personName(tags.PatientName ?? '') || tags.PatientID || 'Without a name'
  return (
    <Card name={`${patient}, ${dicomDate(StudyDate)}`}>
      <div className="row apart">
        <span>
          <b>{patient}</b> {tags.PatientID}
        </span>
        {(here || job?.State === 'Success') && (
          <Text size="sm" c="teal">
            is here
          </Text>
        )}
      </div>
      <div>{parts.filter(Boolean).join(' · ')}</div>
      {underWay && (
        <label className="row">
          <progress max={100} value={job?.Progress ?? 0} aria-label="Fetched" />{' '}
          <span>{job?.State === 'Running' ? `${job.Progress} %` : 'waits for its turn'}</span>
        </label>
      )}
      {job?.State === 'Success' && <Text role="status">It has been fetched.</Text>}
      {job?.State === 'Failure' && (
        <Text role="status" c="red">
          Not fetched: {sentence(job.ErrorDetails || job.ErrorDescription)} What came before that is
          kept.
        </Text>
      )}
      <Trouble of={fetch.error ?? cancel.error} />
      <div className="row">
        {underWay ? (
          <Button
            size="compact-md"
            variant="default"
            loading={cancel.isPending}
            disabled={!fetch.data}
            onClick={() => fetch.data && cancel.mutate({ id: fetch.data.ID })}
          >
            Stop
          </Button>
        ) : (
          <Button
            size="compact-md"
            variant={here || job?.State === 'Success' ? 'default' : 'light'}
            onClick={() => fetch.mutate({ answer })}
          >
            {here || over ? 'Fetch it again' : 'Fetch'}
          </Button>
        )}
      </div>
    </Card>
  )
}
