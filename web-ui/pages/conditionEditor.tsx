import { Button, Checkbox, NativeSelect, Text, TextInput } from '@mantine/core'
import type { ChangeEvent } from 'react'
import type { Problem } from '../api/api.ts'
import { Suggested, type Suggestion, windows } from '../elements/elements.ts'
import {
  childPath,
  type Field,
  fields,
  type Group,
  type Node,
  newGroup,
  newTest,
  type Test,
} from './conditions.ts'
import { commonTags } from './tagNames.ts'
import { sopClasses } from './uidNames.ts'

interface EditorProps {
  group: Group
  path: string
  problems: readonly Problem[]
  onChange: (group: Group) => void
  /** Absent on the outermost, which is always there. */
  onRemove?: () => void
}

/** A group of tests and, in it, further groups. */
export function ConditionEditor({ group, path, problems, onChange, onRemove }: EditorProps) {
  const { children } = group
  const put = (n: number, node: Node) => onChange({ ...group, children: children.with(n, node) })
  const remove = (n: number) => onChange({ ...group, children: children.toSpliced(n, 1) })
  const own = problems.filter(
    each => each.path === path || each.path === path.replace(/\.\w+$/, ''),
  )
  return (
    <fieldset className={onRemove ? 'group inset' : 'group'}>
      <legend className="sr">Conditions</legend>
      <div className="row bottom">
        <NativeSelect
          label="Takes images that meet"
          value={group.op}
          data={[
            { value: 'all', label: 'all of these' },
            { value: 'any', label: 'at least one of these' },
            { value: 'none', label: 'none of these' },
          ]}
          onChange={event => onChange({ ...group, op: event.currentTarget.value as Group['op'] })}
        />
        {onRemove && (
          <Button variant="default" onClick={onRemove}>
            Take this group out
          </Button>
        )}
      </div>
      {own.length > 0 && (
        <Text size="sm" c="red">
          {own.map(each => each.message).join('; ')}
        </Text>
      )}
      {children.map((node, n) => {
        const at = childPath(path, group, n)
        return 'op' in node ? (
          <ConditionEditor
            key={node.id}
            group={node}
            path={at}
            problems={problems}
            onChange={next => put(n, next)}
            onRemove={() => remove(n)}
          />
        ) : (
          <TestEditor
            key={node.id}
            test={node}
            error={problems
              .filter(each => each.path === at || each.path.startsWith(`${at}.`))
              .map(each => each.message)
              .join('; ')}
            onChange={next => put(n, next)}
            onRemove={() => remove(n)}
          />
        )
      })}
      {children.length === 0 && !onRemove && (
        <Text size="sm" c="dimmed">
          No condition: the rule takes everything.
        </Text>
      )}
      <div className="row">
        <Button
          size="compact-sm"
          variant="light"
          onClick={() => onChange({ ...group, children: [...children, newTest('modality')] })}
        >
          Add a condition
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() =>
            onChange({ ...group, children: [...children, newGroup('any', [newTest('modality')])] })
          }
        >
          Add a group
        </Button>
      </div>
    </fieldset>
  )
}

function TestEditor({
  test,
  error,
  onChange,
  onRemove,
}: {
  test: Test
  error: string
  onChange: (test: Test) => void
  onRemove: () => void
}) {
  return (
    <div className="stack">
      <div className="row bottom test">
        <NativeSelect
          label="What"
          value={test.field}
          data={Object.entries(fields).map(([value, label]) => ({ value, label }))}
          onChange={event =>
            onChange({ ...newTest(event.currentTarget.value as Field), id: test.id })
          }
        />
        <Wanted test={test} onChange={onChange} />
        <Button variant="default" onClick={onRemove} aria-label="Take this condition out">
          Take out
        </Button>
      </div>
      {error && (
        <Text size="sm" c="red" role="alert">
          {error}
        </Text>
      )}
    </div>
  )
}

function Wanted({ test, onChange }: { test: Test; onChange: (test: Test) => void }) {
  const { field } = test
  if (field === 'stable') {
    return (
      <Checkbox
        label="it is stable"
        checked={test.stable ?? true}
        onChange={event => onChange({ ...test, stable: event.currentTarget.checked })}
      />
    )
  }
  if (field === 'hours') {
    const hours = test.hours ?? { from: '', to: '' }
    return (
      <>
        {(['from', 'to'] as const).map(end => (
          <TextInput
            key={end}
            type="time"
            label={end === 'from' ? 'From' : 'Up to'}
            value={hours[end]}
            onChange={event =>
              onChange({ ...test, hours: { ...hours, [end]: event.currentTarget.value } })
            }
          />
        ))}
      </>
    )
  }
  if (field === 'arrived') {
    return (
      <Suggested
        label="Minute, hour, day of month, month, day of week"
        suggestions={windows}
        value={test.arrived ?? ''}
        onChange={event => onChange({ ...test, arrived: event.currentTarget.value })}
      />
    )
  }
  if (field === 'tags') return <Tag test={test} onChange={onChange} />
  return (
    <Patterns
      label="is one of"
      test={test}
      onChange={onChange}
      {...(field === 'sopClass' ? { suggestions: sopClasses } : {})}
    />
  )
}

/** Typed as words with commas between; kept as typed until the field is left. */
function Patterns({
  label,
  test,
  onChange,
  suggestions,
}: {
  label: string
  test: Test
  onChange: (test: Test) => void
  suggestions?: readonly Suggestion[]
}) {
  const field = {
    label,
    placeholder: 'several with commas; * for anything',
    defaultValue: (test.values ?? []).join(', '),
    onChange: (event: ChangeEvent<HTMLInputElement>) => {
      const words = event.currentTarget.value.split(',').map(each => each.trim())
      onChange({ ...test, values: words.filter(Boolean) })
    },
  }
  return suggestions ? (
    <Suggested {...field} suggestions={suggestions} />
  ) : (
    <TextInput {...field} autoCapitalize="off" spellCheck={false} />
  )
}

type Comparison = 'is' | 'between' | 'there' | 'absent'

const comparisonOf = ({ bounds }: Test): Comparison => {
  if (!bounds) return 'is'
  if (bounds.from !== undefined || bounds.to !== undefined) return 'between'
  return bounds.present === false ? 'absent' : 'there'
}

const begun: Readonly<Record<Comparison, Partial<Test>>> = {
  is: { values: [] },
  between: { bounds: { from: '' } },
  there: { bounds: { present: true } },
  absent: { bounds: { present: false } },
}

const tags: readonly Suggestion[] = commonTags.map(each => [each])

function Tag({ test, onChange }: { test: Test; onChange: (test: Test) => void }) {
  const comparison = comparisonOf(test)
  const { bounds, values: _, ...bare } = test
  const bound = (end: 'from' | 'to', given: string) => {
    const { [end]: __, ...rest } = bounds ?? {}
    onChange({ ...test, bounds: given === '' ? rest : { ...rest, [end]: given } })
  }
  return (
    <>
      <Suggested
        label="Tag"
        placeholder="keyword or gggg,eeee"
        suggestions={tags}
        value={test.tag ?? ''}
        onChange={event => onChange({ ...test, tag: event.currentTarget.value.trim() })}
      />
      <NativeSelect
        label="How"
        value={comparison}
        data={[
          { value: 'is', label: 'is one of' },
          { value: 'between', label: 'lies between' },
          { value: 'there', label: 'has a value' },
          { value: 'absent', label: 'has no value' },
        ]}
        onChange={event => onChange({ ...bare, ...begun[event.currentTarget.value as Comparison] })}
      />
      {comparison === 'is' && <Patterns label="value" test={test} onChange={onChange} />}
      {comparison === 'between' &&
        (['from', 'to'] as const).map(end => (
          <TextInput
            key={end}
            label={end === 'from' ? 'from' : 'to (inclusive)'}
            value={bounds?.[end] ?? ''}
            onChange={event => bound(end, event.currentTarget.value)}
          />
        ))}
    </>
  )
}
