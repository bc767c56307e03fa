import { Alert, Button } from '@mantine/core'
import { Component, type ReactNode } from 'react'

/** Where a page fails, the others stay reachable, and it is said so instead of shown as nothing. */
export class Boundary extends Component<{ children: ReactNode }, { failed?: Error }> {
  override state: { failed?: Error } = {}

  static getDerivedStateFromError(failed: Error) {
    return { failed }
  }

  override render() {
    const { failed } = this.state
    if (!failed) return this.props.children
    return (
      <Alert color="red" role="alert" title="This page failed">
        <div className="stack">
          <div>
            The box itself goes on. Load the page again; if it stays so, report this:{' '}
            {failed.message}
          </div>
          <div>
            <Button variant="default" onClick={() => window.location.reload()}>
              Load again
            </Button>
          </div>
        </div>
      </Alert>
    )
  }
}
