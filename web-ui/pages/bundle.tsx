import { Button, Text } from '@mantine/core'
import { useState } from 'react'
import { type DeliveryAnswer, type State, useDeliveryAction } from '../api/api.ts'
import {
  Ago,
  Card,
  Confirm,
  count,
  hrefTo,
  Link,
  StateBadge,
  size,
  Trouble,
} from '../elements/elements.ts'
import type { Bundle } from './parcels.ts'
import { StudyName } from './study.tsx'

/** As the box calls them, and what each means to a person. */
export const states = [
  'owed',
  'sending',
  'sent',
  'accepted',
  'verified',
  'parked',
  'withdrawn',
] as const
export const meanings: Readonly<Record<State, string>> = {
  owed: 'still to be sent',
  sending: 'on the way now',
  sent: 'given out whole, not yet answered',
  accepted: 'taken there',
  verified: 'taken, and found there afterwards',
  parked: 'not taken: needs a person',
  withdrawn: 'will not be sent',
}

/** What is owed of one study to one destination, why it stands so, and what can be done. */
export function BundleCard({
  of,
  deliveries,
}: {
  of: Bundle
  deliveries: readonly DeliveryAnswer[]
}) {
  const [withdrawing, setWithdrawing] = useState(false)
  const action = useDeliveryAction()
  const { study, destination, state, why, held } = of
  const open = ['owed', 'sending', 'sent', 'parked'].includes(state)
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
