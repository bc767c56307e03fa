import { Button, TextInput, Title } from '@mantine/core'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import type { Refused } from '../api/api.ts'
import { Trouble } from './show.tsx'

/** The browser's own dialog: it keeps the focus, and Escape closes it. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string
  onClose: () => void
  children: ReactNode
}) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    dialog?.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog ref={ref} onCancel={onClose} className="dialog" aria-labelledby={id}>
      <Title order={2} size="h4" id={id}>
        {title}
      </Title>
      {children}
    </dialog>
  )
}

/** Asks before something that cannot be taken back, or needs a reason that is kept. */
export function Confirm({
  title,
  children,
  verb,
  reason,
  busy,
  error,
  onConfirm,
  onClose,
}: {
  title: string
  children: ReactNode
  /** What the button does. */
  verb: string
  /** Asked for, with what it is for. */
  reason?: string
  busy: boolean
  error: Refused | null
  onConfirm: (reason: string) => void
  onClose: () => void
}) {
  const [given, setGiven] = useState('')
  const missing = reason !== undefined && given.trim() === ''
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        className="stack"
        onSubmit={event => {
          event.preventDefault()
          if (!missing) onConfirm(given.trim())
        }}
      >
        <div>{children}</div>
        {reason !== undefined && (
          <TextInput
            label="Reason"
            description={reason}
            value={given}
            maxLength={200}
            onChange={event => setGiven(event.currentTarget.value)}
            data-autofocus
          />
        )}
        <Trouble of={error} />
        <div className="row end">
          <Button variant="default" onClick={onClose}>
            Leave it as it is
          </Button>
          <Button type="submit" color="red" loading={busy} disabled={missing}>
            {verb}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
