import { Button, Text } from '@mantine/core'
import { useState } from 'react'
import {
  type DestinationAnswer,
  useDestinationAction,
  useDestinations,
  useProbe,
  useRelay,
  useRemoveDestination,
} from '../api/api.ts'
import {
  Ago,
  Card,
  Confirm,
  count,
  duration,
  Empty,
  Head,
  hrefTo,
  Link,
  Loading,
  Locked,
  type Place,
  StateBadge,
  sentence,
  size,
  Trouble,
} from '../elements/elements.ts'
import { Backfill } from './backfill.tsx'
import { openOf } from './parcels.ts'

export function DestinationsPage({ place }: { place: Place }) {
  const { data, error } = useDestinations()
  useRelay()
  const only = place.query.get('name')
  const shown = data?.destinations.filter(each => !only || each.name === only)
  return (
    <>
      <Head
        title="Destinations"
        side={
          <Button component="a" href={hrefTo(['destinations', 'new'])}>
            Add a destination
          </Button>
        }
      >
        Where images may be sent to. What goes there is said by{' '}
        <Link to={hrefTo(['rules'])}>rules</Link>.
      </Head>
      {!data && <Loading error={error} />}
      {only && <Link to={hrefTo(['destinations'])}>Show all destinations</Link>}
      {shown?.map(each => (
        <Destination key={each.name} of={each} />
      ))}
      {shown?.length === 0 && (
        <Empty>
          {only ? `No destination is called ${only}.` : 'No destination is known yet.'} Ask those
          who run the PACS for its address, port and AE title (or its web address), then{' '}
          <Link to={hrefTo(['destinations', 'new'])}>add it here</Link>.
        </Empty>
      )}
    </>
  )
}

const doing: Readonly<Record<string, string>> = {
  idle: 'Nothing is on its way there now.',
  sending: 'Images are on their way.',
  waiting: 'It failed and is tried again by itself.',
  probing: 'It is asked whether it is there again.',
  paused: 'Paused: nothing is sent until it is resumed.',
  removed: 'Removed; only what was once owed to it is still known.',
  misconfigured: 'It cannot be used as it is set up.',
}

function Destination({ of }: { of: DestinationAnswer }) {
  const { name, state = 'misconfigured', counts, oldestSeconds, bytesPerSecond = 0, why } = of
  const [open, setOpen] = useState<'remove' | 'past'>()
  const action = useDestinationAction()
  const remove = useRemoveDestination()
  const probe = useProbe()
  const { owed, bytes } = openOf(of)
  const troubled = why && ((of.failures ?? 0) > 0 || state === 'misconfigured')
  return (
    <Card name={name}>
      <div className="row apart">
        <span className="row">
          <b>{name}</b>
          <Text size="sm" c="dimmed">
            {of.kind}
          </Text>
        </span>
        <StateBadge state={state} />
      </div>
      <div>{doing[state]}</div>
      <dl className="facts">
        <dt>Owed</dt>
        <dd>
          <Link to={hrefTo(['deliveries'], { destination: name })}>
            {owed === 0 ? 'nothing' : `${count(owed, 'image')}, ${size(bytes)}`}
          </Link>
        </dd>
        {(counts?.parked ?? 0) > 0 && (
          <>
            <dt>Parked</dt>
            <dd>
              <Link to={hrefTo(['deliveries'], { destination: name, state: 'parked' })}>
                {count(counts?.parked ?? 0, 'image')}: look why
              </Link>
            </dd>
          </>
        )}
        {oldestSeconds !== undefined && (
          <>
            <dt>Oldest</dt>
            <dd>waits for {duration(oldestSeconds)}</dd>
          </>
        )}
        {bytesPerSecond > 0 && (
          <>
            <dt>Speed</dt>
            <dd>
              {size(bytesPerSecond)} a second, {count(of.connections ?? 0, 'connection')}
            </dd>
          </>
        )}
        {of.answeredAt && (
          <>
            <dt>Last answer</dt>
            <dd>
              <Ago at={of.answeredAt} />
            </dd>
          </>
        )}
        {troubled && (
          <>
            <dt>Trouble</dt>
            <dd>
              {sentence(why.detail)} {why.advice}
              {of.nextAttemptSeconds ? ` Next try in ${duration(of.nextAttemptSeconds)}.` : ''}
            </dd>
          </>
        )}
        {of.heldBack && (
          <>
            <dt>Held back</dt>
            <dd>
              {sentence(of.heldBack.detail)} {of.heldBack.advice}
            </dd>
          </>
        )}
        {of.certificatesEnding?.map(({ file, days }) => (
          <Ending key={file} file={file} days={days} />
        ))}
        {of.backfill && (
          <>
            <dt>Past</dt>
            <dd>
              being given what came since <Ago at={of.backfill.since} />:{' '}
              {count(of.backfill.owed, 'image')} so far
            </dd>
          </>
        )}
      </dl>
      {of.problems?.map(({ path, message }) => (
        <Text key={path + message} c="red">
          {path ? `${path}: ` : ''}
          {message}
        </Text>
      ))}
      {of.locked && <Locked what="This destination" />}
      {state !== 'removed' && (
        <div className="row">
          <Button
            size="compact-md"
            variant="light"
            loading={probe.isPending}
            onClick={() => probe.mutate({ name })}
          >
            Test the connection
          </Button>
          <Button
            size="compact-md"
            variant="default"
            loading={action.isPending}
            onClick={() => action.mutate({ name, action: of.pausedAt ? 'resume' : 'pause' })}
          >
            {of.pausedAt ? 'Resume' : 'Pause'}
          </Button>
          <Button size="compact-md" variant="default" onClick={() => setOpen('past')}>
            Send what came before
          </Button>
          {of.settings && (
            <Button
              size="compact-md"
              variant="default"
              component="a"
              href={hrefTo(['destinations', 'edit', name])}
            >
              {of.locked ? 'Settings' : 'Edit'}
            </Button>
          )}
          {!of.locked && (
            <Button
              size="compact-md"
              variant="default"
              onClick={() => {
                remove.reset()
                setOpen('remove')
              }}
            >
              Remove
            </Button>
          )}
        </div>
      )}
      {probe.data && (
        <Text role="status" c={probe.data.reachable ? 'teal' : 'red'}>
          {probe.data.reachable
            ? 'It is there and would take images now.'
            : `It would not take images now: ${sentence(probe.data.why?.detail ?? '')} ${probe.data.why?.advice}`}
        </Text>
      )}
      <Trouble of={probe.error ?? action.error} />
      {open === 'past' && <Backfill name={name} onClose={() => setOpen(undefined)} />}
      {open === 'remove' && (
        <Confirm
          title={`Remove ${name}?`}
          verb="Remove"
          busy={remove.isPending}
          error={remove.error}
          onClose={() => setOpen(undefined)}
          onConfirm={() => remove.mutate({ name }, { onSuccess: () => setOpen(undefined) })}
        >
          {owed > 0
            ? `${count(owed, 'image')} still owed to it will not be sent. `
            : 'It has everything that it was owed. '}
          Entered again under the same name, it is owed again what is still kept here.
        </Confirm>
      )}
    </Card>
  )
}

function Ending({ file, days }: { file: string; days: number }) {
  return (
    <>
      <dt>Certificate</dt>
      <dd>
        {file} {days < 0 ? 'has ended' : `ends in ${count(days, 'day')}`}; put the new one in its
        place.
      </dd>
    </>
  )
}
