import { Button, Text } from '@mantine/core'
import { useState } from 'react'
import {
  type ConnectionRecord,
  type NodeAnswer,
  useCapabilities,
  useConnections,
  useEcho,
  useNodes,
  useRemoveNode,
} from '../api/api.ts'
import {
  Ago,
  Card,
  Confirm,
  Empty,
  Head,
  hrefTo,
  Link,
  Loading,
  Locked,
  list,
  type Place,
  sentence,
  Trouble,
} from '../elements/elements.ts'
import { CapabilitiesShown } from './capabilities.tsx'

export function NodesPage({ place }: { place: Place }) {
  const { data, error } = useNodes()
  const { data: lately } = useConnections(1000)
  const only = place.query.get('name')
  const shown = data?.nodes.filter(each => !only || each.name === only)
  return (
    <>
      <Head
        title="Nodes"
        side={
          <Button component="a" href={hrefTo(['nodes', 'new'])}>
            Add a node
          </Button>
        }
      >
        The scanners, workstations and PACS that this box knows by name: who may ask it for images,
        and whom it may ask. Where images are sent by themselves is said by{' '}
        <Link to={hrefTo(['destinations'])}>destinations</Link>.
      </Head>
      {!data && <Loading error={error} />}
      {only && <Link to={hrefTo(['nodes'])}>Show all nodes</Link>}
      {shown?.map(each => (
        <NodeCard
          key={each.name}
          of={each}
          called={lately?.connections.find(({ node }) => node === each.name)}
        />
      ))}
      {shown?.length === 0 && (
        <Empty>
          {only ? `No node is called ${only}.` : 'No node is known yet.'} Whoever is to fetch images
          from here needs to be known, with its AE title, address and port:{' '}
          <Link to={hrefTo(['nodes', 'new'])}>add it here</Link>. Whoever called and was turned away
          stands under <Link to={hrefTo(['connections'])}>connections</Link>.
        </Empty>
      )}
    </>
  )
}

const asks = {
  echo: 'echo',
  store: 'store',
  find: 'query',
  findWorklist: 'query worklists',
  get: 'retrieve (C-GET)',
  move: 'retrieve (C-MOVE)',
  storageCommitment: 'ask for storage commitment',
  eventReport: 'report storage commitment',
} as const

function NodeCard({ of, called }: { of: NodeAnswer; called: ConnectionRecord | undefined }) {
  const { name, settings } = of
  const [removing, setRemoving] = useState(false)
  const echo = useEcho()
  const capabilities = useCapabilities()
  const remove = useRemoveNode()
  const { allows } = settings
  const forbidden = (Object.keys(asks) as (keyof typeof asks)[]).filter(each => !allows[each])
  return (
    <Card name={name}>
      <div className="row apart">
        <b>{name}</b>
        <Text size="sm" c="dimmed">
          {settings.useTls ? 'called over TLS' : 'called without TLS'}
        </Text>
      </div>
      <dl className="facts">
        <dt>AE title</dt>
        <dd>{settings.aet}</dd>
        <dt>Address</dt>
        <dd>
          {settings.host}, port {settings.port}
        </dd>
        {forbidden.length > 0 && (
          <>
            <dt>May not</dt>
            <dd>{list(forbidden.map(each => asks[each]))}</dd>
          </>
        )}
        {settings.tls !== 'optional' && (
          <>
            <dt>Calls here</dt>
            <dd>
              {settings.tls === 'required'
                ? 'over TLS only'
                : 'over TLS only, with a certificate that is verified'}
            </dd>
          </>
        )}
        <dt>Last call</dt>
        <dd>
          {called ? (
            <>
              <Ago at={called.startedAt} />: {sentence(called.sentence)}
            </>
          ) : (
            'It has not called lately.'
          )}
        </dd>
      </dl>
      {of.locked && <Locked what="This node" />}
      <div className="row">
        <Button
          size="compact-md"
          variant="light"
          loading={echo.isPending}
          onClick={() => echo.mutate({ name })}
        >
          Test the connection
        </Button>
        <Button
          size="compact-md"
          variant="default"
          loading={capabilities.isPending}
          onClick={() => capabilities.mutate({ name })}
        >
          Find out what it takes
        </Button>
        <Button
          size="compact-md"
          variant="default"
          component="a"
          href={hrefTo(['nodes', 'fetch', name])}
        >
          Fetch studies from it
        </Button>
        <Button
          size="compact-md"
          variant="default"
          component="a"
          href={hrefTo(['nodes', 'edit', name])}
        >
          {of.locked ? 'Settings' : 'Edit'}
        </Button>
        {!of.locked && (
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
      {echo.data && <Answer of={echo.data} well="It is there and answers (C-ECHO)." />}
      {capabilities.isPending && (
        <Text size="sm" c="dimmed" role="status">
          It is asked for each kind of image; nothing is sent. This takes up to a minute.
        </Text>
      )}
      {capabilities.data &&
        (capabilities.data.capabilities ? (
          <CapabilitiesShown of={capabilities.data.capabilities} expectsTls={settings.useTls} />
        ) : (
          <Answer of={capabilities.data} well="" />
        ))}
      <Trouble of={echo.error ?? capabilities.error} />
      {removing && (
        <Confirm
          title={`Remove ${name}?`}
          verb="Remove"
          busy={remove.isPending}
          error={remove.error}
          onClose={() => setRemoving(false)}
          onConfirm={() => remove.mutate({ name }, { onSuccess: () => setRemoving(false) })}
        >
          This box then knows {settings.aet} no more: it sends nothing there when asked to, and
          treats it as it does any stranger. Images that came from it stay.
        </Confirm>
      )}
    </Card>
  )
}

function Answer({
  of: { answered, why },
  well,
}: {
  of: { answered: boolean; why?: { detail: string; advice: string } }
  well: string
}) {
  if (answered && why)
    return (
      <Text role="status" c="teal">
        It is there, but answers no echo: {sentence(why.detail)}
      </Text>
    )
  return (
    <Text role="status" c={answered ? 'teal' : 'red'}>
      {answered ? well : `It does not answer: ${sentence(why?.detail ?? '')} ${why?.advice ?? ''}`}
    </Text>
  )
}
