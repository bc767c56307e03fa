import { Button, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { boxNow, useBackfill, useTrial } from '../api/api.ts'
import { count, Dialog, size, Trouble } from '../elements/elements.ts'

/** Owes a destination what came before it, by the rules; tried first, so that the amount is known. */
export function Backfill({ name, onClose }: { name: string; onClose: () => void }) {
  const [since, setSince] = useState('')
  const trial = useTrial()
  const backfill = useBackfill()
  const start = Date.parse(since)
  const given = !Number.isNaN(start) && start < boxNow()
  const found = trial.data?.destinations[name]
  return (
    <Dialog title={`Send ${name} what came before`} onClose={onClose}>
      {backfill.isSuccess ? (
        <>
          <Text role="status">
            Begun. What is owed to {name} grows while the studies are looked through; you need not
            wait.
          </Text>
          <div className="row end">
            <Button onClick={onClose}>Close</Button>
          </div>
        </>
      ) : (
        <form
          className="stack"
          onSubmit={event => {
            event.preventDefault()
            if (given) trial.mutate({ days: Math.max((boxNow() - start) / 86_400_000, 0.001) })
          }}
        >
          <TextInput
            type="date"
            label="What came since"
            description="The rules decide, as if it came now. What the destination has already is not sent again."
            value={since}
            onChange={event => {
              setSince(event.currentTarget.value)
              trial.reset()
            }}
          />
          {trial.data && (
            <Text role="status">
              {found
                ? `Of ${count(trial.data.instances, 'image')} kept since then the rules send ${count(found.instances, 'image')} (${size(found.bytes)}) to ${name}${found.held > 0 ? `, ${found.held} of them held for review first` : ''}.`
                : `Of ${count(trial.data.instances, 'image')} kept since then the rules send none to ${name}. Make a rule that sends to it first.`}
            </Text>
          )}
          <Trouble of={trial.error ?? backfill.error} />
          <div className="row end">
            <Button variant="default" onClick={onClose}>
              Leave it
            </Button>
            <Button
              type="submit"
              variant={found ? 'default' : 'filled'}
              disabled={!given}
              loading={trial.isPending}
            >
              See how much it would be
            </Button>
            {found && (
              <Button loading={backfill.isPending} onClick={() => backfill.mutate({ name, since })}>
                Send it {count(found.instances, 'image')}
              </Button>
            )}
          </div>
        </form>
      )}
    </Dialog>
  )
}
