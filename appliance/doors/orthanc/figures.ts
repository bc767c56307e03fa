import { createPeak } from './peak.ts'

/** What the door itself counts: requests at once, and how long they took. */
export interface Figures {
  /** A request begins; answers what ends it. */
  begin(): () => void
  /** By Orthanc's names. */
  read(): [name: string, value: number][]
  /** Whether they are told. */
  isOn(): boolean
  turn(on: boolean): void
}

export function createFigures(now: () => number): Figures {
  const started = now()
  const active = createPeak(now)
  const duration = createPeak(now)
  let running = 0
  let on = true
  return {
    begin() {
      const began = now()
      active.seen(++running)
      return () => {
        running--
        duration.seen(now() - began)
      }
    },
    read: () => [
      ['orthanc_rest_api_active_requests', Math.max(active.value(), running)],
      ['orthanc_rest_api_duration_ms', Math.round(duration.value())],
      ['orthanc_up_time_s', Math.floor((now() - started) / 1000)],
    ],
    isOn: () => on,
    turn(wanted) {
      on = wanted
    },
  }
}
