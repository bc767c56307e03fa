import { Text } from '@mantine/core'
import type { ProbeAnswer } from '../api/api.ts'
import { count, list } from '../elements/elements.ts'
import { bySyntaxes } from './takenIn.ts'
import { uidName } from './uidNames.ts'

type Capabilities = NonNullable<ProbeAnswer['capabilities']>

const services: Readonly<Record<Capabilities['services'][number], string>> = {
  echo: 'echo',
  'find-patient': 'queries by patient',
  'find-study': 'queries by study',
  'find-worklist': 'worklists',
  'move-patient': 'C-MOVE by patient',
  'move-study': 'C-MOVE by study',
  'get-patient': 'C-GET by patient',
  'get-study': 'C-GET by study',
  'storage-commitment': 'storage commitment',
  'instance-availability': 'availability notices',
}

/** What a node said it takes, and what of that needs somebody. */
export function CapabilitiesShown({ of, expectsTls }: { of: Capabilities; expectsTls: boolean }) {
  const { certificate, storage } = of
  const overTls = of.speaks === 'tls'
  return (
    <div role="status" className="stack">
      {overTls !== expectsTls && (
        <Text c="red">
          Its port speaks {overTls ? 'TLS' : 'without TLS'}, and the settings here say otherwise:
          change “Call it over TLS”, or the port.
        </Text>
      )}
      <dl className="facts">
        <dt>Its software</dt>
        <dd>{of.implementationVersionName ?? of.implementationClassUid ?? 'does not say'}</dd>
        <dt>Speaks</dt>
        <dd>
          {overTls ? 'over TLS' : 'without TLS'}, at most{' '}
          {of.maxPduLength === 0 ? 'any number of' : of.maxPduLength.toLocaleString('en')} bytes a
          PDU
        </dd>
        {certificate && (
          <>
            <dt>Certificate</dt>
            <dd>
              {certificate.subject}, issued by {certificate.issuer},{' '}
              {certificate.daysLeft < 0
                ? 'has ended'
                : `ends in ${count(certificate.daysLeft, 'day')}`}
              {certificate.trusted
                ? '; trusted'
                : `; not trusted here (${certificate.distrust ?? 'no reason known'})`}
            </dd>
          </>
        )}
        <dt>Services</dt>
        <dd>
          {of.services.length > 0
            ? list(of.services.map(each => services[each]))
            : 'none besides storage'}
        </dd>
        <dt>Images</dt>
        <dd>{storage.length === 0 ? 'It takes none.' : count(storage.length, 'kind')}</dd>
      </dl>
      {bySyntaxes(storage).map(({ transferSyntaxes, names }) => (
        <details className="more" key={transferSyntaxes.join()}>
          <summary>
            {count(names.length, 'kind')} in{' '}
            {count(transferSyntaxes.length, 'transfer syntax', 'transfer syntaxes')}
          </summary>
          <p>{list(transferSyntaxes.map(uidName))}: each of</p>
          <ul className="plain">
            {names.map(name => (
              <li key={name}>{name}</li>
            ))}
          </ul>
        </details>
      ))}
    </div>
  )
}
