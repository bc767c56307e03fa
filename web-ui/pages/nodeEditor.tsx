import { useState } from 'react'
import { type NodeAnswer, type Schema, useBodySchema, useNodes, useSaveNode } from '../api/api.ts'
import {
  Empty,
  goTo,
  Head,
  hrefTo,
  Link,
  Loading,
  Locked,
  type Place,
  SavedForm,
  SettingsForm,
} from '../elements/elements.ts'

/** `#/nodes/new`, perhaps with the `aet` and `host` of who called, and `#/nodes/edit/NAME`. */
export function NodeEditorPage({ place }: { place: Place }) {
  const name = place.steps[1] === 'edit' ? place.steps[2] : undefined
  const { data, error } = useNodes()
  const { schema, error: noSchema } = useBodySchema('POST /api/nodes')
  const found = data?.nodes.find(each => each.name === name)
  return (
    <>
      <Head title={name === undefined ? 'A new node' : `Node ${name}`}>
        <Link to={hrefTo(['nodes'])}>Back to all nodes</Link>
      </Head>
      {!data && <Loading error={error} />}
      {data && !schema && <Loading error={noSchema} />}
      {data && name !== undefined && !found && (
        <Empty>
          No node is called {name}. <Link to={hrefTo(['nodes', 'new'])}>Add a new one</Link>
        </Empty>
      )}
      {schema && found?.locked && (
        <>
          <Locked what="This node" />
          <pre className="sideways">{JSON.stringify(found.settings, null, 2)}</pre>
        </>
      )}
      {schema && data && !found?.locked && (name === undefined || found) && (
        <Form schema={schema} found={found} proposed={proposedIn(place)} />
      )}
    </>
  )
}

/** What a caller said of itself; a name that can be typed over. */
function proposedIn({ query }: Place): Readonly<Record<string, string>> {
  const [aet, host] = [query.get('aet'), query.get('host')]
  const name = aet?.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '')
  return { ...(name && { name }), ...(aet && { aet }), ...(host && { host }) }
}

function Form({
  schema,
  found,
  proposed,
}: {
  schema: Schema
  found: NodeAnswer | undefined
  proposed: Readonly<Record<string, string>>
}) {
  const [value, setValue] = useState<Readonly<Record<string, unknown>>>(
    found ? { ...found.settings } : proposed,
  )
  const save = useSaveNode(found?.name)
  return (
    <SavedForm
      busy={save.isPending}
      error={save.error}
      back={hrefTo(['nodes'])}
      onSave={() => save.mutate(value, { onSuccess: () => goTo(hrefTo(['nodes'])) })}
    >
      <SettingsForm
        schema={schema}
        value={value}
        problems={save.error?.problems ?? []}
        without={found ? ['name'] : []}
        first={['port', 'useTls']}
        onChange={setValue}
      />
    </SavedForm>
  )
}
