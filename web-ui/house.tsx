import { NativeSelect, useMantineColorScheme } from '@mantine/core'
import type { ComponentType } from 'react'
import { useReadiness } from './api/api.ts'
import { Boundary, hrefTo, type Place, Trouble, usePlace } from './elements/elements.ts'
import { ConnectionsPage } from './pages/connections.tsx'
import { DeliveriesPage } from './pages/deliveries.tsx'
import { DestinationEditorPage } from './pages/destinationEditor.tsx'
import { DestinationsPage } from './pages/destinations.tsx'
import { FetchPage } from './pages/fetch.tsx'
import { LinkPage } from './pages/link.tsx'
import { NodeEditorPage } from './pages/nodeEditor.tsx'
import { NodesPage } from './pages/nodes.tsx'
import { OverviewPage } from './pages/overview.tsx'
import { ReviewPage } from './pages/review.tsx'
import { RuleEditorPage } from './pages/ruleEditor.tsx'
import { RulesPage } from './pages/rules.tsx'

const rooms: readonly [step: string, name: string, page: ComponentType<{ place: Place }>][] = [
  ['', 'Overview', OverviewPage],
  ['connections', 'Connections', ConnectionsPage],
  ['nodes', 'Nodes', NodesPage],
  ['deliveries', 'Deliveries', DeliveriesPage],
  ['review', 'Review', ReviewPage],
  ['destinations', 'Destinations', DestinationsPage],
  ['rules', 'Rules', RulesPage],
  ['link', 'Link', LinkPage],
]

/** By the first step, or by the first two, of where a page below another stands. */
const within: Readonly<Record<string, ComponentType<{ place: Place }>>> = {
  destinations: DestinationEditorPage,
  nodes: NodeEditorPage,
  'nodes/fetch': FetchPage,
  rules: RuleEditorPage,
}

/** The frame of all pages: where one may go, and the page one is on. */
export function House() {
  const place = usePlace()
  const { error } = useReadiness()
  const [first = '', second] = place.steps
  const Page =
    (second === undefined ? undefined : (within[`${first}/${second}`] ?? within[first])) ??
    rooms.find(([step]) => step === first)?.[2] ??
    OverviewPage
  return (
    <>
      <button type="button" className="skip" onClick={skip}>
        To the page
      </button>
      <div className="top">
        <a className="name" href={hrefTo([])}>
          Waystation
        </a>
        <nav aria-label="Pages">
          {rooms.map(([step, name]) => (
            <a
              key={step}
              href={hrefTo(step === '' ? [] : [step])}
              {...(step === first ? { 'aria-current': 'page' as const } : {})}
            >
              {name}
            </a>
          ))}
        </nav>
        <Shade />
      </div>
      <main id="main" tabIndex={-1}>
        {/* On every page: what it shows is old then. */}
        <Trouble of={error} title="No answer" />
        <Boundary key={place.steps.join('/')}>
          <Page place={place} />
        </Boundary>
      </main>
      <footer>
        Every route that these pages use, for scripts:{' '}
        <a className="plainly" href="../api/handbook">
          the handbook of the API
        </a>
      </footer>
    </>
  )
}

/** The part behind # is where one is: it must not be lost to an anchor. */
function skip() {
  document.getElementById('main')?.focus()
}

function Shade() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <NativeSelect
      aria-label="Light or dark"
      size="xs"
      value={colorScheme}
      data={[
        { value: 'auto', label: 'as the device' },
        { value: 'light', label: 'light' },
        { value: 'dark', label: 'dark' },
      ]}
      onChange={event => setColorScheme(event.currentTarget.value as 'auto' | 'light' | 'dark')}
    />
  )
}
