import { Text } from '@mantine/core'
import {
  boxNow,
  useArchive,
  useConnections,
  useDestinations,
  useLink,
  useNotices,
  useReadiness,
  useRelay,
  useRules,
  useStatistics,
} from '../api/api.ts'
import {
  Ago,
  Card,
  count,
  Empty,
  Head,
  hrefTo,
  Link,
  Loading,
  Section,
  StateBadge,
  size,
} from '../elements/elements.ts'
import { mattersOf } from './attention.ts'
import { openOf } from './parcels.ts'

export function OverviewPage() {
  useRelay()
  const readiness = useReadiness()
  const archive = useArchive()
  const destinations = useDestinations()
  const rules = useRules()
  const connections = useConnections(100)
  const link = useLink()
  const notices = useNotices()
  const statistics = useStatistics()
  const all = [readiness, archive, destinations, rules, connections, link, notices]
  const known = {
    readiness: readiness.data,
    archive: archive.data,
    destinations: destinations.data?.destinations,
    rules: rules.data?.rules,
    refusedCallers: connections.data?.refusedCallers,
    link: link.data?.report,
    notices: notices.data?.notices,
  }
  const matters = mattersOf(known, boxNow())
  const failed = all.find(each => each.error && each !== readiness)?.error
  const asked = all.every(each => each.data)
  const last = connections.data?.connections.find(
    each => each.direction === 'incoming' && (each.requests['C-STORE']?.received ?? 0) > 0,
  )
  return (
    <>
      <Head title="Overview">Whether this box does its work, and what needs a person.</Head>
      {failed && !readiness.error && <Loading error={failed} />}
      <Card name="Receiving">
        <div className="row">
          {readiness.error && (
            <>
              <Dot colour="red" />
              <Text fw={600}>Whether this box receives is not known: it does not answer.</Text>
            </>
          )}
          {readiness.data &&
            !readiness.error &&
            (readiness.data.ready ? (
              <>
                <Dot colour="teal" />
                <Text fw={600}>This box receives images.</Text>
              </>
            ) : (
              <>
                <Dot colour="red" />
                <Text fw={600}>This box does not receive images now.</Text>
              </>
            ))}
          {readiness.isPending && <Text>Asking the box whether it receives…</Text>}
        </div>
        <Text size="sm" c="dimmed">
          {statistics.data &&
            `It keeps ${count(statistics.data.CountStudies, 'study', 'studies')}, ${count(statistics.data.CountInstances, 'image')}, ${size(Number(statistics.data.TotalDiskSize))}. `}
          {last ? (
            <>
              Last sender: {last.callingAeTitle || last.remoteAddress}, <Ago at={last.startedAt} />
            </>
          ) : (
            connections.data && 'Nobody has sent an image since this box was started.'
          )}
        </Text>
      </Card>

      <Section title="What needs you">
        {matters.map(each => (
          <Card key={each.sentence}>
            <div className="row apart">
              <span className="row">
                <Dot colour={each.urgent ? 'red' : 'orange'} />
                <span className="measure">{each.sentence}</span>
              </span>
              <Link to={each.href}>{each.go}</Link>
            </div>
          </Card>
        ))}
        {matters.length === 0 && asked && !failed && !readiness.error && (
          <Empty>Nothing needs you. You can close this page.</Empty>
        )}
      </Section>

      <Section title="What is owed">
        {destinations.data?.destinations.length === 0 && (
          <Empty>
            Images stay on this box: it knows of no destination.{' '}
            <Link to={hrefTo(['destinations', 'new'])}>Add the first one</Link>
          </Empty>
        )}
        <div className="cards">
          {destinations.data?.destinations.map(each => {
            const { owed, bytes } = openOf(each)
            return (
              <Card key={each.name} name={each.name}>
                <div className="row apart">
                  <Link to={hrefTo(['deliveries'], { destination: each.name })}>{each.name}</Link>
                  <StateBadge state={each.state ?? 'misconfigured'} />
                </div>
                <Text size="sm">
                  {owed === 0
                    ? each.counts?.parked
                      ? `Nothing on the way; ${count(each.counts.parked, 'image')} parked.`
                      : 'It has everything that it is owed.'
                    : `${count(owed, 'image')} on the way, ${size(bytes)}.`}
                </Text>
              </Card>
            )
          })}
        </div>
      </Section>
    </>
  )
}

/** Colour is said in words beside it. */
function Dot({ colour }: { colour: 'teal' | 'orange' | 'red' }) {
  return <span className={`dot ${colour}`} aria-hidden="true" />
}
