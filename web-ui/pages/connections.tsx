import { Button, NativeSelect, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import {
  type ConnectionList,
  type ConnectionRecord,
  type NodeAnswer,
  type RefusedCaller,
  useConnections,
  useNodes,
  useStream,
} from '../api/api.ts'
import {
  Ago,
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
  size,
} from '../elements/elements.ts'
import { alike } from './alike.ts'
import { uidName } from './uidNames.ts'

const outcomes: readonly [ConnectionRecord['outcome'], string][] = [
  ['released', 'ended well'],
  ['rejected', 'turned away'],
  ['aborted', 'broken off by the other side'],
  ['protocol-broken', 'broke the protocol'],
  ['disconnected', 'connection lost'],
  ['timed-out', 'timed out'],
  ['unreachable', 'could not be reached'],
  ['not-dicom', 'was no DICOM'],
  ['stopped', 'stopped by this box'],
]
const wordsFor = new Map<string, string>(outcomes)

export function ConnectionsPage({ place }: { place: Place }) {
  const [limit, setLimit] = useState(100)
  const { data, error } = useConnections(limit)
  const { data: known } = useNodes()
  const client = useQueryClient()
  useStream(
    '/api/connections/stream',
    {
      connection: told => {
        const record = told as ConnectionRecord
        // Who was turned away is counted by the box.
        if (record.outcome === 'rejected')
          void client.invalidateQueries({ queryKey: ['connections'] })
        client.setQueryData<ConnectionList>(['connections', limit], before =>
          before && !before.connections.some(each => each.id === record.id)
            ? { ...before, connections: [record, ...before.connections].slice(0, limit) }
            : before,
        )
      },
    },
    () => void client.invalidateQueries({ queryKey: ['connections'] }),
  )
  const outcome = place.query.get('outcome') ?? ''
  const shown = data?.connections.filter(
    each =>
      outcome === '' ||
      (outcome === 'trouble' ? each.outcome !== 'released' : each.outcome === outcome),
  )
  return (
    <>
      <Head title="Connections">
        Who called this box and whom it called over DICOM, the newest first, with what to change
        where it went wrong. New ones appear by themselves.
      </Head>
      {!data && <Loading error={error} />}
      {data && data.refusedCallers.length > 0 && (
        <Section title="Turned away">
          {data.refusedCallers.map(each => (
            <Card key={`${each.remoteAddress} ${each.callingAeTitle} ${each.calledAeTitle}`}>
              <Text fw={600}>{each.sentence}</Text>
              <Text size="sm" c="dimmed">
                {each.callingAeTitle || 'no name'} at {each.remoteAddress}, calling{' '}
                {each.calledAeTitle || 'nobody'}: {count(each.attempts, 'attempt')}, the last{' '}
                <Ago at={each.lastAt} />
              </Text>
              {known && isStranger(each, known.nodes) && (
                <Link
                  to={hrefTo(['nodes', 'new'], {
                    ...{ aet: each.callingAeTitle, host: each.remoteAddress },
                  })}
                >
                  Add {each.callingAeTitle} as a known node
                </Link>
              )}
            </Card>
          ))}
        </Section>
      )}
      {data && (
        <Section title="All connections">
          <NativeSelect
            className="narrow"
            label="Show"
            value={outcome}
            data={[
              { value: '', label: 'all' },
              { value: 'trouble', label: 'only those that went wrong' },
              ...outcomes.map(([value, label]) => ({ value, label: `those that: ${label}` })),
            ]}
            onChange={event => refine({ outcome: event.currentTarget.value })}
          />
          {alike(shown ?? []).map(({ newest, before }) => (
            <Connection key={(before.at(-1) ?? newest).id} of={newest} before={before} />
          ))}
          {shown?.length === 0 &&
            (data.connections.length === 0 ? (
              <Empty>
                Nobody has called yet. Enter its address, its DICOM port and its AE title at the
                scanner, and send a test image or an echo (“verify”) from there.
              </Empty>
            ) : (
              <Empty>
                None of the last {data.connections.length} is of this kind. Show all instead.
              </Empty>
            ))}
          {data.connections.length >= limit && limit < 10_000 && (
            <div>
              <Button variant="default" onClick={() => setLimit(Math.min(10_000, limit * 5))}>
                Show older ones
              </Button>
            </div>
          )}
        </Section>
      )}
    </>
  )
}

/** Only who gave a name can be known by one. */
const isStranger = (caller: RefusedCaller, nodes: readonly NodeAnswer[]): boolean =>
  caller.callingAeTitle !== '' && nodes.every(each => each.settings.aet !== caller.callingAeTitle)

function Connection({ of, before }: { of: ConnectionRecord; before: readonly ConnectionRecord[] }) {
  const incoming = of.direction === 'incoming'
  const { callingAeTitle = '?', calledAeTitle = '?' } = of
  return (
    <Card>
      <div className="row apart">
        <span className="row">
          <b>
            {callingAeTitle} → {calledAeTitle}
          </b>
          <StateBadge state={of.outcome} />
          {of.outcome !== 'released' && <Text size="sm">{wordsFor.get(of.outcome)}</Text>}
        </span>
        <Ago at={of.startedAt} />
      </div>
      <div>{of.sentence}</div>
      {before.length > 0 && (
        <details className="more">
          <summary>and {before.length.toLocaleString('en')} before that told the same</summary>
          <ul className="plain">
            {before.map(each => (
              <li key={each.id}>
                <Ago at={each.startedAt} />
              </li>
            ))}
          </ul>
        </details>
      )}
      <details className="more">
        <summary>Details</summary>
        <dl className="facts">
          <dt>{incoming ? 'From' : 'To'}</dt>
          <dd>
            {of.remoteAddress}, port {of.remotePort}
            {of.tls
              ? `, ${of.tls.protocol} ${of.tls.cipher}${of.tls.subject ? `, ${of.tls.subject}` : ''}`
              : of.secure
                ? ', TLS'
                : ', not encrypted'}
          </dd>
          <dt>Lasted</dt>
          <dd>
            {of.durationMs < 1000
              ? `${Math.round(of.durationMs)} ms`
              : duration(of.durationMs / 1000)}
            , {size(of.bytesReceived)} received, {size(of.bytesSent)} sent
          </dd>
          {of.implementationVersionName && (
            <>
              <dt>Its software</dt>
              <dd>{of.implementationVersionName}</dd>
            </>
          )}
          {Object.entries(of.requests).map(([name, { received, sent, failed }]) => (
            <Request key={name} {...{ name, received, sent, failed }} />
          ))}
          {of.rejection && (
            <>
              <dt>Turned away</dt>
              <dd>
                {of.rejection.result}, source {of.rejection.source}, reason {of.rejection.reason}{' '}
                (PS3.8 table 9-21)
              </dd>
            </>
          )}
          {of.abort && (
            <>
              <dt>Broken off</dt>
              <dd>
                by {of.abort.by === 'us' ? 'this box' : 'the other side'}, source {of.abort.source},
                reason {of.abort.reason} (PS3.8 table 9-26)
              </dd>
            </>
          )}
        </dl>
        <Text size="sm" fw={600} mt="xs">
          What was proposed
        </Text>
        {of.contexts.length === 0 && <Text size="sm">Nothing that is still known.</Text>}
        <ul className="plain">
          {of.contexts.map(({ id, abstractSyntax, transferSyntaxes, answer, transferSyntax }) => (
            <li key={id}>
              {uidName(abstractSyntax)}:{' '}
              {answer === 'accepted'
                ? `taken as ${uidName(transferSyntax ?? '')}`
                : `${answer?.replaceAll('-', ' ') ?? 'not answered'} (${transferSyntaxes.map(uidName).join(', ')})`}
            </li>
          ))}
        </ul>
      </details>
    </Card>
  )
}

function Request(of: { name: string; received: number; sent: number; failed: number }) {
  const parts = [
    ...(of.received > 0 ? [`${of.received} received`] : []),
    ...(of.sent > 0 ? [`${of.sent} sent`] : []),
    ...(of.failed > 0 ? [`${of.failed} failed`] : []),
  ]
  return (
    <>
      <dt>{of.name}</dt>
      <dd>{parts.join(', ')}</dd>
    </>
  )
}
