import { Button, Text } from '@mantine/core'
import { useState } from 'react'
import { useRelay, useReview, useReviewAction } from '../api/api.ts'
import {
  Ago,
  Card,
  Confirm,
  count,
  Empty,
  Head,
  hrefTo,
  Link,
  Loading,
  type Place,
  refine,
  sentence,
  size,
  Trouble,
} from '../elements/elements.ts'
import { type Bundle, bundlesOf } from './parcels.ts'
import { StudyName } from './study.tsx'

export function ReviewPage({ place }: { place: Place }) {
  const destination = place.query.get('destination') ?? ''
  const query = new URLSearchParams({ limit: '1000', ...(destination ? { destination } : {}) })
  const { data, error } = useReview(query.toString())
  useRelay()
  const bundles = bundlesOf(data?.deliveries ?? [])
  return (
    <>
      <Head title="Review">
        What rules hold until a person has looked at it. Released, it is sent; rejected, it never
        is. Either way it stays on this box.
      </Head>
      {!data && <Loading error={error} />}
      {destination && (
        <div className="row">
          <Text size="sm">Only what is for {destination}.</Text>
          <Button size="compact-sm" variant="default" onClick={() => refine({ destination: '' })}>
            Show all
          </Button>
        </div>
      )}
      {bundles.map(each => (
        <Held key={each.key} of={each} />
      ))}
      {data?.next && <Text size="sm">There is more; it shows when this is done.</Text>}
      {data && bundles.length === 0 && (
        <Empty>
          Nothing waits for a decision. What a <Link to={hrefTo(['rules'])}>rule</Link> holds for
          review appears here.
        </Empty>
      )}
    </>
  )
}

function Held({ of }: { of: Bundle }) {
  const action = useReviewAction()
  const [rejecting, setRejecting] = useState(false)
  const { study, destination, why } = of
  return (
    <Card name={`Held for ${destination}`}>
      <b>
        <StudyName id={study} />
      </b>
      <div>
        {count(of.images, 'image')}, {size(of.bytes)} for {destination}, held since{' '}
        <Ago at={of.owedAt} />
      </div>
      {why && (
        <Text size="sm" c="dimmed">
          {sentence(why.detail)} {why.advice}
        </Text>
      )}
      <div className="row end">
        <Button
          loading={action.isPending}
          size="compact-md"
          onClick={() => action.mutate({ study, destination, action: 'release' })}
        >
          Release
        </Button>
        <Button
          size="compact-md"
          variant="default"
          onClick={() => {
            action.reset()
            setRejecting(true)
          }}
        >
          Reject
        </Button>
      </div>
      {!rejecting && <Trouble of={action.error} />}
      {rejecting && (
        <Confirm
          title="Reject?"
          verb="Reject"
          reason="Kept with the images, for whoever asks later."
          busy={action.isPending}
          error={action.error}
          onClose={() => setRejecting(false)}
          onConfirm={reason =>
            action.mutate(
              { study, destination, action: 'reject', reason },
              { onSuccess: () => setRejecting(false) },
            )
          }
        >
          These {count(of.images, 'image')} will not be sent to {destination}. They stay on this
          box.
        </Confirm>
      )}
    </Card>
  )
}
