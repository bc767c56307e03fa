import { Button, NativeSelect, Text } from '@mantine/core'
import { useState } from 'react'
import {
  type DeliveryAnswer,
  type StandingAnswer,
  useDeliveries,
  useDeliveryAction,
  useRelay,
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
  type Place,
  refine,
  Section,
  StateBadge,
  sentence,
  size,
  Trouble,
} from '../elements/elements.ts'
import { type Bundle, bundlesOf } from './parcels.ts'
import { StudyName } from './study.tsx'

const states = ['owed', 'sending', 'accepted', 'verified', 'parked', 'withdrawn'] as const
const meanings: Readonly<Record<(typeof states)[number], string>> = {
  owed: 'still to be sent',
  sending: 'on the way now',
  accepted: 'taken there',
  verified: 'taken, and found there afterwards',
  parked: 'not taken: needs a person',
  withdrawn: 'will not be sent',
}

export function DeliveriesPage({ place }: { place: Place }) {
  const asked = (key: string) => place.query.get(key) ?? ''
  const [page, setPage] = useState<string>()
  const filter = new URLSearchParams({ limit: '500' })
  for (const key of ['destination', 'state', 'study']) if (asked(key)) filter.set(key, asked(key))
  if (page) filter.set('after', page)
  const query = filter.toString()
  const { data, error } = useDeliveries(query)
  useRelay()
  const change = (changes: Record<string, string>) => {
    setPage(undefined)
    refine(changes)
  }
  const bundles = bundlesOf(data?.deliveries ?? [])
  const filtered = Boolean(asked('destination') || asked('state') || asked('study'))
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
              {asked('study') && (
                <Button variant="default" onClick={() => change({ study: '' })}>
                  Show all studies
                </Button>
              )}
            </div>
            {asked('study') && (
              <Text size="sm">
                Only: <StudyName id={asked('study')} />
              </Text>
            )}
            {bundles.map(each => (
              <Parcels key={each.key} of={each} deliveries={data.deliveries} />
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
      {held > 0 && (
        <Link to={hrefTo(['review'], { destination: name })}>
          {count(held, 'image')} held for review
        </Link>
      )}
    </Card>
  )
}

function Parcels({ of, deliveries }: { of: Bundle; deliveries: readonly DeliveryAnswer[] }) {
  const [withdrawing, setWithdrawing] = useState(false)
  const action = useDeliveryAction()
  const { study, destination, state, why, held } = of
  const open = state === 'owed' || state === 'sending' || state === 'parked'
  // One line may be a part of a study: then what is told is told of its images.
  const alike = deliveries.filter(
    each => each.study === study && each.destination === destination && each.state !== state,
  )
  const selection = { study, destination }
  const tell = (verb: 'retry' | 'pause' | 'resume') => action.mutate({ ...selection, action: verb })
  return (
    <Card name={`${state} to ${destination}`}>
      <div className="row apart">
        <b>
          <StudyName id={study} />
        </b>
        <span className="row">
          {of.priority !== 'normal' && <StateBadge state={of.priority} />}
          {of.paused && <StateBadge state="paused" />}
          <StateBadge state={held ? 'held' : state} />
        </span>
      </div>
      <div>
        {count(of.images, 'image')}, {size(of.bytes)} to {destination}:{' '}
        {held ? 'held for review, not sent before a person releases it' : meanings[state]}.
      </div>
      {why && (
        <div>
          <b>Why: </b>
          {why.detail || why.code}
          {statusBeside(of)}
          <br />
          <b>What to do: </b>
          {why.advice}
        </div>
      )}
      <div className="row apart">
        <Text size="sm" c="dimmed">
          {open ? (
            <>
              Owed since <Ago at={of.owedAt} />
            </>
          ) : (
            <>
              {capital(state)} <Ago at={of.movedAt} />
            </>
          )}
          {open && of.failures > 1 && `; failed ${of.failures} times in a row`}
          {of.notBefore && (
            <>
              ; next try <Ago at={of.notBefore} />
            </>
          )}
        </Text>
        {open && (
          <div className="row">
            {held && <Link to={hrefTo(['review'], { destination })}>Review it</Link>}
            {!held && (state === 'parked' || of.notBefore) && (
              <Button size="compact-md" loading={action.isPending} onClick={() => tell('retry')}>
                Retry
              </Button>
            )}
            {state === 'owed' &&
              (of.paused ? (
                <Button size="compact-md" variant="light" onClick={() => tell('resume')}>
                  Resume
                </Button>
              ) : (
                <Button size="compact-md" variant="default" onClick={() => tell('pause')}>
                  Pause
                </Button>
              ))}
            <Button
              size="compact-md"
              variant="default"
              onClick={() => {
                action.reset()
                setWithdrawing(true)
              }}
            >
              Withdraw
            </Button>
          </div>
        )}
      </div>
      {!withdrawing && <Trouble of={action.error} />}
      {withdrawing && (
        <Confirm
          title="Withdraw from delivery?"
          verb="Withdraw"
          reason="Kept with the images, for whoever asks later."
          busy={action.isPending}
          error={action.error}
          onClose={() => setWithdrawing(false)}
          onConfirm={reason =>
            action.mutate(
              { ...selection, action: 'withdraw', reason },
              { onSuccess: () => setWithdrawing(false) },
            )
          }
        >
          Everything of this study that {destination} does not have yet will not be sent there
          {alike.some(each => each.state === 'owed' || each.state === 'parked')
            ? ', what stands in other lines too'
            : ''}
          . The images stay on this box.
        </Confirm>
      )}
    </Card>
  )
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)

/**
 * The far side's own number, where the reason does not tell it already. DIMSE statuses are known by
 * their hexadecimal form, HTTP's by the decimal one.
 */
function statusBeside({ status, why }: Bundle): string {
  if (!status) return ''
  const hexadecimal = status.toString(16).toUpperCase().padStart(4, '0')
  const told = why?.detail.toUpperCase() ?? ''
  if (told.includes(hexadecimal) || told.includes(String(status))) return ''
  return status >= 100 && status < 600 ? ` (answered ${status})` : ` (answered 0x${hexadecimal})`
}
