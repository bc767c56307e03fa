import { Alert, Anchor, Badge, Paper, Text, Title } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { boxNow, type Refused } from '../api/api.ts'
import { age, moment, sentence } from './words.ts'

/** The head of a page: what it is, and in one sentence what it is for. */
export function Head({
  title,
  children,
  side,
}: {
  title: string
  children?: ReactNode
  side?: ReactNode
}) {
  useEffect(() => {
    document.title = `${title} · Waystation`
  }, [title])
  return (
    <header className="head">
      <div>
        <Title order={1} size="h2">
          {title}
        </Title>
        {children && (
          <Text c="dimmed" className="measure">
            {children}
          </Text>
        )}
      </div>
      {side && <div className="row">{side}</div>}
    </header>
  )
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="section">
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </section>
  )
}

export function Card({ children, name }: { children: ReactNode; name?: string }) {
  return (
    <Paper
      withBorder
      radius="md"
      className="card"
      {...(name ? { role: 'group', 'aria-label': name } : {})}
    >
      {children}
    </Paper>
  )
}

/** Nothing is here, and what to do next. */
export function Empty({ children }: { children: ReactNode }) {
  return <div className="empty">{children}</div>
}

/** What went wrong and what to do, or nothing. */
export function Trouble({ of, title }: { of: Refused | null | undefined; title?: string }) {
  if (!of) return null
  return (
    <Alert color="red" role="alert" {...(title ? { title } : {})}>
      {sentence(of.message)} {of.advice}
    </Alert>
  )
}

/** What is asked of the box, once it is there; until then that it is being asked, or why not. */
export function Loading({ error }: { error: Refused | null }) {
  return error ? <Trouble of={error} /> : <Empty>Asking the box…</Empty>
}

/** Ages grow while one looks. */
export function useNow(everySeconds = 5): number {
  const [now, setNow] = useState(boxNow)
  useEffect(() => {
    const timer = setInterval(() => setNow(boxNow()), everySeconds * 1000)
    return () => clearInterval(timer)
  }, [everySeconds])
  return now
}

export function Ago({ at }: { at: string }) {
  // What came a moment ago is younger than the last look at the clock.
  const now = Math.max(useNow(), boxNow())
  const ms = Date.parse(at)
  return (
    <time dateTime={at} title={new Date(ms).toLocaleString()} className="ago">
      {moment(ms, now)}, {age(ms, now)}
    </time>
  )
}

const colours: Readonly<Record<string, string>> = {
  idle: 'teal',
  sending: 'blue',
  waiting: 'orange',
  probing: 'orange',
  paused: 'gray',
  removed: 'gray',
  misconfigured: 'red',
  owed: 'blue',
  sent: 'blue',
  accepted: 'teal',
  verified: 'teal',
  parked: 'red',
  held: 'violet',
  stat: 'red',
  'off-peak': 'gray',
  withdrawn: 'gray',
  released: 'teal',
  stopped: 'gray',
}

export function StateBadge({ state }: { state: string }) {
  return (
    <Badge variant="light" color={colours[state] ?? 'orange'} className="badge">
      {state === 'stat' ? 'STAT' : state}
    </Badge>
  )
}

export function Link({ to, children }: { to: string; children: ReactNode }) {
  return <Anchor href={to}>{children}</Anchor>
}

/** Set in the configuration file: shown, and changed only there. */
export function Locked({ what }: { what: string }) {
  return (
    <Text size="sm" c="dimmed">
      <b>Locked.</b> {what} comes from the configuration file of this box and is changed there.
    </Text>
  )
}
