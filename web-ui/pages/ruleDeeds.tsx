import { Checkbox, NativeSelect, Text, TextInput } from '@mantine/core'
import { Empty, hrefTo, Link } from '../elements/elements.ts'
import type { RuleDraft } from './ruleDraft.ts'

/** What becomes of what a rule takes. */
export function RuleDeeds({
  rule,
  destinations,
  error,
  onChange,
}: {
  rule: RuleDraft
  destinations: readonly string[]
  /** What is wrong under a key. */
  error: (key: string) => string
  onChange: (rule: RuleDraft) => void
}) {
  // One that is no longer there is shown, so that it can be taken out.
  const names = [...new Set([...destinations, ...rule.send])]
  return (
    <div className="stack">
      {!rule.drop && (
        <fieldset className="group">
          <legend>Send to</legend>
          {names.length === 0 && (
            <Empty>
              No destination is known yet.{' '}
              <Link to={hrefTo(['destinations', 'new'])}>Add one first</Link>
            </Empty>
          )}
          <div className="row">
            {names.map(name => (
              <Checkbox
                key={name}
                label={name}
                checked={rule.send.includes(name)}
                onChange={event =>
                  onChange({
                    ...rule,
                    send: event.currentTarget.checked
                      ? [...rule.send, name]
                      : rule.send.filter(each => each !== name),
                  })
                }
              />
            ))}
          </div>
          {error('send') && (
            <Text size="sm" c="red">
              {error('send')}
            </Text>
          )}
        </fieldset>
      )}
      <div className="fields">
        {!rule.drop && (
          <NativeSelect
            label="Priority"
            value={rule.priority}
            error={error('priority') || undefined}
            data={[
              { value: 'stat', label: 'STAT: before all else, at any time' },
              { value: 'normal', label: 'normal' },
              { value: 'off-peak', label: 'off-peak: last, when the link allows' },
            ]}
            onChange={event =>
              onChange({ ...rule, priority: event.currentTarget.value as RuleDraft['priority'] })
            }
          />
        )}
        <TextInput
          label="Label the study"
          description="Letters, digits, “_” and “-”; several with commas."
          defaultValue={rule.label.join(', ')}
          error={error('label') || undefined}
          onChange={event =>
            onChange({
              ...rule,
              label: event.currentTarget.value
                .split(',')
                .map(each => each.trim())
                .filter(Boolean),
            })
          }
        />
      </div>
      {!rule.drop && (
        <Checkbox
          label="Hold for review"
          description="Sent when a person releases it, under Review."
          checked={rule.hold}
          error={error('hold') || undefined}
          onChange={event => onChange({ ...rule, hold: event.currentTarget.checked })}
        />
      )}
      {rule.on === 'stable' && (
        <Checkbox
          label="The whole study"
          description="One image that meets the conditions takes the whole study along."
          checked={rule.whole}
          error={error('whole') || undefined}
          onChange={event => onChange({ ...rule, whole: event.currentTarget.checked })}
        />
      )}
      <Checkbox
        label="Drop"
        description="Send what it takes nowhere, whatever other rules say. The images stay on this box."
        checked={rule.drop}
        onChange={event => {
          const drop = event.currentTarget.checked
          onChange({ ...rule, drop, ...(drop ? { send: [], hold: false } : {}) })
        }}
      />
      <Checkbox
        label="Ask no further rule"
        description="Rules further down are not asked about what this one takes."
        checked={rule.final}
        onChange={event => onChange({ ...rule, final: event.currentTarget.checked })}
      />
    </div>
  )
}
