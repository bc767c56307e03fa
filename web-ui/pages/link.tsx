import { Alert, Button, Text } from '@mantine/core'
import { useState } from 'react'
import { type LinkState, type Schema, useBodySchema, useLink, useSaveLink } from '../api/api.ts'
import {
  Card,
  Head,
  Loading,
  Locked,
  Section,
  SettingsForm,
  sentence,
  size,
  Trouble,
} from '../elements/elements.ts'

export function LinkPage() {
  const { data, error } = useLink()
  const { schema, error: noSchema } = useBodySchema('PUT /api/link')
  return (
    <>
      <Head title="Link">
        How much of the line to the outside may be used, and when. STAT goes first and at any time.
      </Head>
      {!data && <Loading error={error} />}
      {data && <Standing of={data} />}
      {data && schema && <Editor state={data} schema={schema} />}
      {data && !schema && <Trouble of={noSchema} />}
    </>
  )
}

function Standing({ of: { report } }: { of: LinkState }) {
  const { clock, cap, closed, metered, offPeak, budget } = report
  return (
    <>
      {!clock.trusted && (
        <Alert color="orange" title="The clock of this box is not believed" role="status">
          {sentence(clock.detail ?? '')} {clock.advice} Until then no time window counts, everything
          may go at the lowest speed that any window allows, and budgets are renewed by running time
          alone.
        </Alert>
      )}
      <Card name="The link now">
        <dl className="facts">
          <dt>Now</dt>
          <dd>
            {closed ? 'closed: only STAT goes' : 'open'}
            {metered && ', each byte costs'}
            {offPeak ? ', off-peak may go' : ', off-peak waits'}
          </dd>
          <dt>Speed</dt>
          <dd>{cap === undefined ? 'no limit' : `at most ${cap.toLocaleString('en')} kbit/s`}</dd>
          {(['day', 'month'] as const).map(period => (
            <Used key={period} period={period} {...budget[period]} />
          ))}
          <dt>Clock</dt>
          <dd>{clock.trusted ? 'believed' : 'not believed'}</dd>
        </dl>
      </Card>
    </>
  )
}

function Used({ period, limit, used }: { period: string; limit?: number; used: number }) {
  return (
    <>
      <dt>This {period}</dt>
      <dd>
        {size(used)} sent
        {limit !== undefined &&
          ` of ${size(limit)}${used >= limit ? ': used up, only STAT goes until the next' : ''}`}
      </dd>
    </>
  )
}

function Editor({ state, schema }: { state: LinkState; schema: Schema }) {
  const [draft, setDraft] = useState<Readonly<Record<string, unknown>>>()
  const save = useSaveLink()
  const value = draft ?? (state.settings as unknown as Readonly<Record<string, unknown>>)
  return (
    <Section title="Settings">
      {state.locked ? (
        <>
          <Locked what="How the link is used" />
          <pre className="sideways">{JSON.stringify(state.settings, null, 2)}</pre>
        </>
      ) : (
        <form
          className="stack"
          onSubmit={event => {
            event.preventDefault()
            save.mutate(value, { onSuccess: () => setDraft(undefined) })
          }}
        >
          <SettingsForm
            schema={schema}
            value={value}
            problems={save.error?.problems ?? []}
            first={Object.keys(schema.properties ?? {})}
            onChange={setDraft}
          />
          {save.error && save.error.problems.length === 0 && <Trouble of={save.error} />}
          {save.error && save.error.problems.length > 0 && (
            <Text c="red" role="alert">
              Not saved: see the fields in red.
            </Text>
          )}
          <div className="row">
            <Button type="submit" loading={save.isPending} disabled={!draft}>
              Save
            </Button>
            {save.isSuccess && !draft && <Text role="status">Saved; it holds at once.</Text>}
          </div>
        </form>
      )}
    </Section>
  )
}
