import { NativeSelect, Text } from '@mantine/core'
import { useState } from 'react'
import {
  type DestinationAnswer,
  type Schema,
  useBodySchema,
  useDestinations,
  useSaveDestination,
} from '../api/api.ts'
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

const kinds: Readonly<Record<string, string>> = {
  dimse: 'DICOM (C-STORE): a PACS with an AE title, an address and a port',
  dicomweb: 'DICOMweb (STOW-RS): a PACS with a web address',
  orthanc: 'Orthanc: its own REST API, or another Waystation',
}

/** `#/destinations/new` and `#/destinations/edit/NAME`. */
export function DestinationEditorPage({ place }: { place: Place }) {
  const name = place.steps[1] === 'edit' ? place.steps[2] : undefined
  const { data, error } = useDestinations()
  const { schema, error: noSchema } = useBodySchema('POST /api/destinations')
  const found = data?.destinations.find(each => each.name === name)
  return (
    <>
      <Head title={name === undefined ? 'A new destination' : `Destination ${name}`}>
        <Link to={hrefTo(['destinations'])}>Back to all destinations</Link>
      </Head>
      {!data && <Loading error={error} />}
      {data && !schema && <Loading error={noSchema} />}
      {data && name !== undefined && !found && (
        <Empty>
          No destination is called {name}.{' '}
          <Link to={hrefTo(['destinations', 'new'])}>Add a new one</Link>
        </Empty>
      )}
      {schema && found?.locked && (
        <>
          <Locked what="This destination" />
          <pre className="sideways">{JSON.stringify(found.settings, null, 2)}</pre>
        </>
      )}
      {schema && data && !found?.locked && (name === undefined || found) && (
        <Form schema={schema} found={found} />
      )}
    </>
  )
}

function Form({ schema, found }: { schema: Schema; found: DestinationAnswer | undefined }) {
  const [value, setValue] = useState<Readonly<Record<string, unknown>>>({
    kind: 'dimse',
    ...(found ? { name: found.name, kind: found.kind, ...found.settings } : {}),
  })
  const save = useSaveDestination(found?.name)
  const variants = schema.oneOf ?? []
  const variant = variants.find(each => each.properties?.kind?.const === value.kind)
  const problems = save.error?.problems ?? []
  return (
    <SavedForm
      busy={save.isPending}
      error={save.error}
      back={hrefTo(['destinations'])}
      onSave={() => save.mutate(value, { onSuccess: () => goTo(hrefTo(['destinations'])) })}
    >
      {!found && (
        <NativeSelect
          label="Kind"
          value={String(value.kind)}
          data={variants.map(each => {
            const kind = each.properties?.kind?.const ?? ''
            return { value: kind, label: kinds[kind] ?? kind }
          })}
          onChange={event => {
            save.reset()
            setValue({
              ...(value.name ? { name: value.name } : {}),
              kind: event.currentTarget.value,
            })
          }}
        />
      )}
      {variant && (
        <SettingsForm
          schema={variant}
          value={value}
          problems={problems}
          without={found ? ['kind', 'name'] : ['kind']}
          first={['port', 'credentials', 'verify']}
          onChange={setValue}
        />
      )}
      {found && (
        <Text size="sm" c="dimmed">
          Secrets are shown as ********; left so, they stay as they are.
        </Text>
      )}
    </SavedForm>
  )
}
