import { Alert, Button, Checkbox, Fieldset, NativeSelect, Text } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import type { Problem, Schema } from '../api/api.ts'
import { type FieldProps, PlainField } from './plainField.tsx'
import {
  fieldKind,
  labelOf,
  problemsAt,
  problemsElsewhere,
  type Settings,
  variantOf,
  withField,
} from './settings.ts'

interface FormProps {
  schema: Schema
  value: Settings
  problems: readonly Problem[]
  onChange: (value: Settings) => void
  /** Not to be asked for here. */
  without?: readonly string[]
  /** Shown at once, though a default would do. */
  first?: readonly string[]
  path?: string
}

/**
 * A form for whatever the box describes: a new setting, or a new kind of destination, has its fields
 * by itself. What must be given comes first; the rest is folded away.
 */
export function SettingsForm(props: FormProps) {
  const { schema, value, problems, onChange, without = ['kind'], first = [], path = '' } = props
  const fields = Object.entries(schema.properties ?? {}).filter(([key]) => !without.includes(key))
  const isFirst = ([key]: [string, Schema]) =>
    path !== '' || schema.required?.includes(key) || first.includes(key)
  const [shown, folded] = [fields.filter(isFirst), fields.filter(each => !isFirst(each))]
  const at = (key: string) => (path === '' ? key : `${path}.${key}`)
  const render = ([key, field]: [string, Schema]) => (
    <Field
      key={key}
      name={key}
      schema={field}
      path={at(key)}
      required={schema.required?.includes(key) ?? false}
      value={value[key]}
      problems={problems}
      onChange={next => onChange(withField(value, key, next))}
    />
  )
  const elsewhere = path === '' ? problemsElsewhere(problems, schema) : []
  const wrongInside = folded.some(([key]) => problemsAt(problems, at(key), true).length > 0)
  return (
    <>
      {elsewhere.length > 0 && (
        <Alert color="red" role="alert">
          {elsewhere.map(each => (
            <div key={each}>{each}</div>
          ))}
        </Alert>
      )}
      <div className="fields">{shown.map(render)}</div>
      {folded.length > 0 && (
        <details className="more" key={String(wrongInside)} open={wrongInside}>
          <summary>More settings, which are well as they are for most</summary>
          <div className="fields">{folded.map(render)}</div>
        </details>
      )}
    </>
  )
}

function Field(props: FieldProps) {
  const { name, schema, path, problems } = props
  const wrong = problemsAt(problems, path).join('; ')
  switch (fieldKind(name, schema)) {
    case 'group':
      return <Group {...props} wrong={wrong} />
    case 'groups':
      return <Groups {...props} />
    case 'variants':
      return <Variants {...props} wrong={wrong} />
    default:
      return <PlainField {...props} />
  }
}

function Frame({ name, wrong, children }: { name: string; wrong: string; children: ReactNode }) {
  return (
    <Fieldset legend={labelOf(name)} className="wide stack">
      {wrong && (
        <Text size="sm" c="red">
          {wrong}
        </Text>
      )}
      {children}
    </Fieldset>
  )
}

/** Settings that belong together; those without a default may be left out as a whole. */
function Group({
  name,
  schema,
  path,
  value,
  problems,
  onChange,
  wrong,
}: FieldProps & { wrong: string }) {
  const optional = schema.default === undefined
  const given = value !== undefined || !optional
  return (
    <Frame name={name} wrong={wrong}>
      {optional ? (
        <Checkbox
          label={`Use ${labelOf(name)}`}
          description={schema.description}
          checked={given}
          onChange={event => onChange(event.currentTarget.checked ? {} : undefined)}
        />
      ) : (
        <Text size="sm" c="dimmed">
          {schema.description}
        </Text>
      )}
      {given && (
        <SettingsForm
          schema={schema}
          path={path}
          value={(value ?? {}) as Settings}
          problems={problems}
          onChange={onChange}
        />
      )}
    </Frame>
  )
}

function Groups({ name, schema, path, value, problems, onChange }: FieldProps) {
  const all = (value ?? []) as readonly Settings[]
  // Fields keep what was typed into them: when one is taken out, the others are others.
  const [generation, setGeneration] = useState(0)
  return (
    <Frame name={name} wrong={problemsAt(problems, path).join('; ')}>
      <Text size="sm" c="dimmed">
        {schema.description}
      </Text>
      {all.map((each, n) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they have nothing else to be told by
        <div key={`${generation} ${n}`} className="stack inset">
          <SettingsForm
            schema={schema.items ?? {}}
            path={`${path}.${n}`}
            value={each}
            problems={problems}
            onChange={next => onChange(all.with(n, next))}
          />
          <div>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                setGeneration(generation + 1)
                onChange(all.toSpliced(n, 1))
              }}
            >
              Take this one out
            </Button>
          </div>
        </div>
      ))}
      <div>
        <Button size="compact-sm" variant="light" onClick={() => onChange([...all, {}])}>
          Add one
        </Button>
      </div>
    </Frame>
  )
}

/** One of several forms, or none of them. */
function Variants({
  name,
  schema,
  path,
  value,
  problems,
  onChange,
  wrong,
}: FieldProps & { wrong: string }) {
  const all = schema.oneOf ?? []
  const chosen = (value as Settings | undefined)?.kind
  const variant = all.find(each => variantOf(each) === chosen)
  return (
    <Frame name={name} wrong={wrong}>
      <NativeSelect
        label="Kind"
        description={schema.description}
        value={String(chosen ?? '')}
        data={[{ value: '', label: 'none' }, ...all.map(variantOf)]}
        onChange={event => {
          const kind = event.currentTarget.value
          onChange(kind === '' ? undefined : { kind })
        }}
      />
      {variant && (
        <SettingsForm
          schema={variant}
          path={path}
          value={value as Settings}
          problems={problems}
          onChange={next => onChange(next)}
        />
      )}
    </Frame>
  )
}
