import { Alert, Button, Checkbox, NativeSelect, Textarea, TextInput } from '@mantine/core'
import { useState } from 'react'
import { type Problem, useDestinations, useRules, useSaveRule } from '../api/api.ts'
import {
  Empty,
  goTo,
  Head,
  hrefTo,
  Link,
  Loading,
  Locked,
  type Place,
  Section,
  Trouble,
} from '../elements/elements.ts'
import { ConditionEditor } from './conditionEditor.tsx'
import { type Group, type Json, treeOf, whenOf } from './conditions.ts'
import { RuleDeeds } from './ruleDeeds.tsx'
import { draftOf, newRule, type RuleDraft, ruleSentence } from './ruleDraft.ts'
import { Trial } from './trial.tsx'

/** `#/rules/new` and `#/rules/edit/NAME`. */
export function RuleEditorPage({ place }: { place: Place }) {
  const name = place.steps[1] === 'edit' ? place.steps[2] : undefined
  const rules = useRules()
  const destinations = useDestinations()
  const found = rules.data?.rules.find(each => each.name === name)
  const names = destinations.data?.destinations
    .filter(each => each.state !== 'removed')
    .map(each => each.name)
  return (
    <>
      <Head title={name === undefined ? 'A new rule' : `Rule ${name}`}>
        <Link to={hrefTo(['rules'])}>Back to all rules</Link>
      </Head>
      {(!rules.data || !names) && <Loading error={rules.error ?? destinations.error} />}
      {rules.data && name !== undefined && !found && (
        <Empty>
          No rule is called {name}. <Link to={hrefTo(['rules', 'new'])}>Make a new one</Link>
        </Empty>
      )}
      {found?.locked && (
        <>
          <Locked what="This rule" />
          <div>{ruleSentence(draftOf(found))}</div>
          <Section title="Try it">
            <Trial rule={draftOf(found)} />
          </Section>
        </>
      )}
      {names && rules.data && !found?.locked && (name === undefined || found) && (
        <Editor
          rule={found ? draftOf(found) : newRule}
          destinations={names}
          {...(name === undefined ? {} : { instead: name })}
        />
      )}
    </>
  )
}

function Editor(given: { rule: RuleDraft; destinations: readonly string[]; instead?: string }) {
  const { destinations, instead } = given
  const [rule, setRule] = useState(given.rule)
  const [tree, setTree] = useState<Group>(() => treeOf(given.rule.when))
  const [json, setJson] = useState<string>()
  const [unreadable, setUnreadable] = useState('')
  const save = useSaveRule(instead)
  const problems: readonly Problem[] = save.error?.problems ?? []
  const at = (key: string) =>
    problems
      .filter(each => each.path === key || each.path.startsWith(`${key}.`))
      .map(each => each.message)
      .join('; ')
  // In the form, what is wrong is said where it is.
  const elsewhere =
    json === undefined
      ? problems.filter(({ path }) => !shownKeys.has(path.split('.')[0] ?? ''))
      : problems
  const built = (): RuleDraft => {
    const { when: _, ...rest } = rule
    const when = whenOf(tree)
    return when ? { ...rest, when } : rest
  }

  /** What is written in the expert's view, or nothing when it cannot be read. */
  function written(): object | undefined {
    try {
      const read = JSON.parse(json ?? '')
      if (typeof read !== 'object' || read === null) throw new Error('it is no object')
      setUnreadable('')
      return read
    } catch (error) {
      setUnreadable(`This is no JSON: ${(error as Error).message}`)
      return undefined
    }
  }

  function toForm() {
    const read = written() as Partial<RuleDraft> | undefined
    if (!read) return
    try {
      setTree(treeOf(read.when as Json | undefined))
      setRule({ ...newRule, ...read, label: wordsIn(read.label), send: wordsIn(read.send) })
      setJson(undefined)
    } catch {
      setUnreadable('The form cannot show these conditions; save here, or mend them.')
    }
  }

  return (
    <>
      <form
        className="stack"
        onSubmit={event => {
          event.preventDefault()
          const body = json === undefined ? built() : written()
          if (body) save.mutate(body, { onSuccess: () => goTo(hrefTo(['rules'])) })
        }}
      >
        {json === undefined ? (
          <>
            <div className="fields">
              <TextInput
                label="Name"
                description="What the rule is called."
                withAsterisk
                value={rule.name}
                error={at('name') || undefined}
                readOnly={instead !== undefined}
                onChange={event => setRule({ ...rule, name: event.currentTarget.value })}
              />
              <NativeSelect
                label="It looks at"
                description="Images are sent sooner; a stable study is known as a whole."
                value={rule.on}
                error={at('on') || undefined}
                data={[
                  { value: 'arrival', label: 'images as they come' },
                  { value: 'stable', label: 'studies once they are stable' },
                ]}
                onChange={event => {
                  const on = event.currentTarget.value as RuleDraft['on']
                  setRule({ ...rule, on, whole: on === 'stable' && rule.whole })
                }}
              />
            </div>
            <Section title="What it takes">
              <ConditionEditor group={tree} path="when" problems={problems} onChange={setTree} />
            </Section>
            <Section title="What it does">
              <RuleDeeds rule={rule} destinations={destinations} error={at} onChange={setRule} />
            </Section>
            <Checkbox
              label="In force"
              description="Switched off, it is kept and not asked."
              checked={rule.enabled}
              onChange={event => setRule({ ...rule, enabled: event.currentTarget.checked })}
            />
            <Alert color="gray" title="In words">
              {ruleSentence(built())}
            </Alert>
          </>
        ) : (
          <Textarea
            label="The rule as JSON"
            description="Everything that the API takes; its keys are told in the handbook, under “rules”."
            className="mono"
            rows={18}
            spellCheck={false}
            value={json}
            error={unreadable || undefined}
            onChange={event => setJson(event.currentTarget.value)}
          />
        )}
        {problems.length > 0 && (
          <Alert color="red" role="alert" title="Not saved">
            {elsewhere.map(({ path, message }) => (
              <div key={path + message}>{path ? `${path}: ${message}` : message}</div>
            ))}
            {elsewhere.length < problems.length && 'See what is written in red above.'}
          </Alert>
        )}
        {save.error && problems.length === 0 && <Trouble of={save.error} />}
        <div className="row">
          <Button type="submit" loading={save.isPending}>
            Save
          </Button>
          <Button variant="default" component="a" href={hrefTo(['rules'])}>
            Leave it as it is
          </Button>
          <Button
            variant="subtle"
            onClick={() => {
              if (json === undefined) setJson(JSON.stringify(built(), null, 2))
              else toForm()
            }}
          >
            {json === undefined ? 'Write it as JSON' : 'Back to the form'}
          </Button>
        </div>
      </form>
      <Section title="Try it">
        <Trial rule={named(json === undefined ? built() : (parsed(json) ?? built()))} />
      </Section>
    </>
  )
}

const shownKeys = new Set(['name', 'on', 'when', 'send', 'priority', 'label', 'hold', 'whole'])

function parsed(json: string): object | undefined {
  try {
    const read = JSON.parse(json)
    return typeof read === 'object' && read !== null ? read : undefined
  } catch {
    return undefined
  }
}

/** To be tried it needs a name, though it may yet have none. */
const named = (rule: { name?: string }): object => ({ ...rule, name: rule.name || 'new rule' })

const wordsIn = (given: unknown): string[] => (Array.isArray(given) ? given.map(String) : [])
