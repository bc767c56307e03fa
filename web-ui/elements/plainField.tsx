import { Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import type { ChangeEvent } from 'react'
import type { Problem, Schema } from '../api/api.ts'
import {
  amountOf,
  amountText,
  fieldKind,
  labelOf,
  linesOf,
  pairsOf,
  pairsText,
  problemsAt,
  takesSizes,
} from './settings.ts'
import { Suggested, windows } from './suggested.tsx'

export interface FieldProps {
  name: string
  schema: Schema
  path: string
  required: boolean
  value: unknown
  problems: readonly Problem[]
  onChange: (value: unknown) => void
}

/** A setting that is one value, or lines of them. */
export function PlainField(props: FieldProps) {
  const { name, schema, path, required, value, problems, onChange } = props
  const kind = fieldKind(name, schema)
  const wrong = problemsAt(problems, path, true).join('; ')
  const common = {
    label: labelOf(name),
    description: schema.description,
    error: wrong || undefined,
    withAsterisk: required,
  }
  const fallback = schema.default === undefined ? '' : String(schema.default)

  switch (kind) {
    case 'boolean':
      return (
        <Checkbox
          {...{ label: common.label, description: common.description, error: common.error }}
          checked={(value ?? schema.default ?? false) === true}
          onChange={event => onChange(event.currentTarget.checked)}
        />
      )
    case 'choice':
      return (
        <NativeSelect
          {...common}
          value={String(value ?? fallback)}
          data={[...(schema.enum ?? [])]}
          onChange={event => onChange(event.currentTarget.value)}
        />
      )
    case 'number':
      return (
        <TextInput
          {...common}
          type="number"
          step="any"
          value={value === undefined ? '' : String(value)}
          placeholder={fallback}
          onChange={event =>
            onChange(
              event.currentTarget.value === '' ? undefined : Number(event.currentTarget.value),
            )
          }
        />
      )
    case 'amount':
      return (
        <TextInput
          {...common}
          placeholder={takesSizes(schema) ? 'such as 500 MB' : 'or “none”'}
          defaultValue={amountText(value, schema)}
          onChange={event => onChange(amountOf(event.currentTarget.value))}
        />
      )
    case 'lines':
      return (
        <Textarea
          {...common}
          description={`${schema.description ?? ''} ${schema.items?.description ?? ''} One a line.`.trim()}
          defaultValue={((value ?? []) as string[]).join('\n')}
          autosize={false}
          rows={2}
          onChange={event => onChange(linesOf(event.currentTarget.value))}
        />
      )
    case 'pairs':
      return (
        <Textarea
          {...common}
          description={`${schema.description ?? ''} “Name: value”, one a line.`}
          defaultValue={pairsText(value)}
          rows={2}
          onChange={event => onChange(pairsOf(event.currentTarget.value))}
        />
      )
    default: {
      const field = {
        ...common,
        value: String(value ?? ''),
        placeholder: fallback,
        onChange: (event: ChangeEvent<HTMLInputElement>) =>
          onChange(event.currentTarget.value || undefined),
      }
      if (schema.description?.includes('cron')) {
        return <Suggested {...field} suggestions={windows} />
      }
      return (
        <TextInput
          {...field}
          type={kind === 'secret' ? 'password' : 'text'}
          autoComplete={kind === 'secret' ? 'new-password' : 'off'}
          autoCapitalize="off"
          spellCheck={false}
        />
      )
    }
  }
}
