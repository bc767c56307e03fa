import { Badge, Button, Text } from '@mantine/core'
import { useState } from 'react'
import {
  type RuleAnswer,
  useDestinations,
  useOrderRules,
  useRemoveRule,
  useRules,
} from '../api/api.ts'
import {
  Card,
  Confirm,
  Empty,
  Head,
  hrefTo,
  Link,
  Loading,
  Locked,
  Section,
  Trouble,
} from '../elements/elements.ts'
import { draftOf, ruleSentence } from './ruleDraft.ts'
import { Trial } from './trial.tsx'

export function RulesPage() {
  const { data, error } = useRules()
  const destinations = useDestinations()
  const order = useOrderRules()
  const own = data?.rules.filter(each => !each.locked).map(each => each.name) ?? []
  const move = (name: string, by: number) => {
    const at = own.indexOf(name)
    const next = own.toSpliced(at, 1).toSpliced(at + by, 0, name)
    order.mutate({ order: next })
  }
  return (
    <>
      <Head
        title="Rules"
        side={
          <Button component="a" href={hrefTo(['rules', 'new'])}>
            Make a rule
          </Button>
        }
      >
        What is sent where. Every rule is asked, in this order; an image goes to each destination
        that any of them names.
      </Head>
      {!data && <Loading error={error} />}
      <Trouble of={order.error} />
      {data?.rules.map((each, n) => {
        const at = own.indexOf(each.name)
        return (
          <RuleCard
            key={each.name}
            of={each}
            place={n + 1}
            {...(!each.locked && at > 0 ? { onUp: () => move(each.name, -1) } : {})}
            {...(!each.locked && at < own.length - 1 ? { onDown: () => move(each.name, 1) } : {})}
          />
        )
      })}
      {data?.rules.length === 0 && (
        <Empty>
          No rule yet, so images stay on this box.{' '}
          {destinations.data?.destinations.length === 0 ? (
            <>
              First <Link to={hrefTo(['destinations', 'new'])}>add a destination</Link>, then{' '}
              <Link to={hrefTo(['rules', 'new'])}>make a rule</Link> that sends to it.
            </>
          ) : (
            <>
              <Link to={hrefTo(['rules', 'new'])}>Make the first</Link>: without conditions it takes
              everything.
            </>
          )}
        </Empty>
      )}
      {data && data.rules.length > 0 && (
        <Section title="Try all rules">
          <Trial />
        </Section>
      )}
    </>
  )
}

function RuleCard({
  of,
  place,
  onUp,
  onDown,
}: {
  of: RuleAnswer
  place: number
  onUp?: () => void
  onDown?: () => void
}) {
  const { name, locked, problems } = of
  const [removing, setRemoving] = useState(false)
  const remove = useRemoveRule()
  return (
    <Card name={`Rule ${name}`}>
      <div className="row apart">
        <span className="row">
          <Text c="dimmed">{place}.</Text>
          <b>{name}</b>
          {of.enabled === false && (
            <Badge color="gray" variant="light" className="badge">
              switched off
            </Badge>
          )}
        </span>
        {!locked && (
          <span className="row">
            <Button
              size="compact-sm"
              variant="default"
              disabled={!onUp}
              onClick={onUp}
              aria-label={`Ask ${name} earlier`}
            >
              ↑
            </Button>
            <Button
              size="compact-sm"
              variant="default"
              disabled={!onDown}
              onClick={onDown}
              aria-label={`Ask ${name} later`}
            >
              ↓
            </Button>
          </span>
        )}
      </div>
      {problems?.length ? (
        problems.map(({ path, message }) => (
          <Text key={path + message} c="red">
            It is not followed: {path ? `${path}: ` : ''}
            {message}
          </Text>
        ))
      ) : (
        <div>{ruleSentence(draftOf(of))}</div>
      )}
      {locked && <Locked what="This rule" />}
      <div className="row">
        <Button
          size="compact-md"
          variant="default"
          component="a"
          href={hrefTo(['rules', 'edit', name])}
        >
          {locked ? 'Look and try' : 'Edit'}
        </Button>
        {!locked && (
          <Button
            size="compact-md"
            variant="default"
            onClick={() => {
              remove.reset()
              setRemoving(true)
            }}
          >
            Remove
          </Button>
        )}
      </div>
      {removing && (
        <Confirm
          title={`Remove the rule ${name}?`}
          verb="Remove"
          busy={remove.isPending}
          error={remove.error}
          onClose={() => setRemoving(false)}
          onConfirm={() => remove.mutate({ name }, { onSuccess: () => setRemoving(false) })}
        >
          What it has sent already, or owes, stays so; it takes nothing more.
        </Confirm>
      )}
    </Card>
  )
}
