import { Button, NativeSelect, Text } from '@mantine/core'
import { useState } from 'react'
import {
  boxNow,
  type StandingAnswer,
  useDeliveries,
  useDeliveryAction,
  useRelay,
} from '../api/api.ts'
import {
  Card,
  count,
  duration,
  Empty,
  Head,
  hrefTo,
  Link,
  Loading,
  type Place,
  refine,
  Section,
  StateBadge,
  sentence,
  size,
  Trouble,
} from '../elements/elements.ts'
import { BundleCard, meanings, states } from './bundle.tsx'
import { bundlesOf, firstParked } from './parcels.ts'
import { StudyName } from './study.tsx'
import { StudyPicker } from './studyPicker.tsx'

export function DeliveriesPage({ place }: { place: Place }) {
  const asked = (key: string) => place.query.get(key) ?? ''
  const [page, setPage] = useState<string>()
  const filter = new URLSearchParams({ limit: '500' })
  for (const key of ['destination', 'state', 'study']) if (asked(key)) filter.set(key, asked(key))
  if (page) filter.set('after', page)
  const hours = Number(asked('hours')) || undefined
  // Of whole hours, so that the same is asked for a while.
  if (hours) {
    const hour = 3_600_000
    const since = Math.floor(boxNow() / hour - hours) * hour
    filter.set('since', new Date(since).toISOString())
  }
  const { data, error } = useDeliveries(filter.toString())
  // What needs a person comes first, however much else there is.
  const parked = new URLSearchParams(filter)
  parked.set('state', 'parked')
  parked.delete('after')
  const urgent = useDeliveries(parked.toString(), asked('state') === '' && !page).data?.deliveries
  useRelay()
  const change = (changes: Record<string, string>) => {
    setPage(undefined)
    refine(changes)
  }
  const listed = firstParked(data?.deliveries ?? [], urgent ?? [])
  const bundles = bundlesOf(listed)
  const filtered = Boolean(asked('destination') || asked('state') || asked('study') || hours)
  return (
    <>
      <Head title="Deliveries">
        What is owed to whom, and how that stands. What fails is tried again by itself, without end;
        only what is parked needs you.
      </Head>
      {!data && <Loading error={error} />}
      {data?.destinations.length === 0 && (
        <Empty>
          Nothing is sent anywhere yet.{' '}
          <Link to={hrefTo(['destinations', 'new'])}>Add a destination</Link>, then{' '}
          <Link to={hrefTo(['rules', 'new'])}>make a rule</Link> that sends to it.
        </Empty>
      )}
      {data && data.destinations.length > 0 && (
        <>
          <div className="cards">
            {data.destinations.map(each => (
              <Counts key={each.name} of={each} />
            ))}
          </div>
          <Section title="Studies">
            <div className="row bottom">
              <NativeSelect
                label="Destination"
                value={asked('destination')}
                data={[
                  { value: '', label: 'all' },
                  ...data.destinations.map(({ name }) => ({ value: name, label: name })),
                ]}
                onChange={event => change({ destination: event.currentTarget.value })}
              />
              <NativeSelect
                label="State"
                value={asked('state')}
                data={[
                  { value: '', label: 'all' },
                  ...states.map(value => ({ value, label: `${value}: ${meanings[value]}` })),
                ]}
                onChange={event => change({ state: event.currentTarget.value })}
              />
              <NativeSelect
                label="Moved"
                value={asked('hours')}
                data={[
                  { value: '', label: 'at any time' },
                  { value: '1', label: 'in the last hour' },
                  { value: '24', label: 'in the last day' },
                  { value: '168', label: 'in the last week' },
                ]}
                onChange={event => change({ hours: event.currentTarget.value })}
              />
              {asked('study') && (
                <Button variant="default" onClick={() => change({ study: '' })}>
                  Show all studies
                </Button>
              )}
            </div>
            {!asked('study') && (
              <details className="more">
                <summary>Find one study</summary>
                <StudyPicker chosen={[]} onChange={([study = '']) => change({ study })} />
              </details>
            )}
            {asked('study') && (
              <Text size="sm">
                Only: <StudyName id={asked('study')} />
              </Text>
            )}
            {bundles.map(each => (
              <BundleCard key={each.key} of={each} deliveries={listed} />
            ))}
            {bundles.length === 0 && (
              <Empty>
                {filtered
                  ? 'Nothing stands like that. Choose another state or destination above.'
                  : 'Nothing was ever owed. Send a study to this box that a rule takes; it appears here.'}
              </Empty>
            )}
            <div className="row">
              {page && (
                <Button variant="default" onClick={() => setPage(undefined)}>
                  Back to the first
                </Button>
              )}
              {data.next && (
                <Button variant="default" onClick={() => setPage(data.next)}>
                  Show what comes after
                </Button>
              )}
            </div>
          </Section>
        </>
      )}
    </>
  )
}

function Counts({ of }: { of: StandingAnswer }) {
  const { name, state, counts, held, paused, bytesPerSecond, nextAttemptSeconds, why, heldBack } =
    of
  const worth = states.filter(each => counts[each])
  const action = useDeliveryAction()
  const refused = (counts.parked ?? 0) - held
  return (
    <Card name={`Counts of ${name}`}>
      <div className="row apart">
        <b>{name}</b>
        <StateBadge state={state} />
      </div>
      <div className="counts">
        {worth.length === 0 && <span>Nothing was ever owed to it.</span>}
        {worth.map(each => (
          <a key={each} href={hrefTo(['deliveries'], { destination: name, state: each })}>
            <b>{counts[each]?.toLocaleString('en')}</b> {each}
          </a>
        ))}
      </div>
      <Text size="sm" c="dimmed">
        {bytesPerSecond > 0 && `${size(bytesPerSecond)} a second. `}
        {paused > 0 && `${count(paused, 'image')} paused by hand. `}
        {heldBack && `${sentence(heldBack.detail)} `}
        {state === 'waiting' && why && `${sentence(why.detail)} `}
        {nextAttemptSeconds !== undefined &&
          nextAttemptSeconds > 0 &&
          `Tried again in ${duration(nextAttemptSeconds)}.`}
      </Text>
      {refused > 0 && (
        <div>
          <Button
            size="compact-md"
            variant="light"
            loading={action.isPending}
            onClick={() => action.mutate({ destination: name, action: 'retry' })}
          >
            Retry all {refused.toLocaleString('en')} parked
          </Button>
        </div>
      )}
      <Trouble of={action.error} />
      {held > 0 && (
        <Link to={hrefTo(['review'], { destination: name })}>
          {count(held, 'image')} held for review
        </Link>
      )}
    </Card>
  )
}
