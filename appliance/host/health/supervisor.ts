import { faultOf } from '../../faults.ts'
import type { Log } from '../../log.ts'

/** Everything long-lived: it works until told to stop, and is over when its promise resolves. */
export interface Service {
  name: string
  run(stop: AbortSignal): Promise<void>
}

const restartDelays = [1, 2, 5, 15, 60] as const

/**
 * Runs services until `stop`, then ends them one after the other in reverse order, so that the
 * doors close before what stands behind them. A service that fails is started again after a pause
 * of 1 s growing to 60 s: one broken part must not take the box down. A fault that nothing but a
 * person can mend (`again` false: a port is taken) is not retried and ends all with that fault.
 */
export async function runServices(
  services: readonly Service[],
  options: {
    stop: AbortSignal
    log: Log
    pause: (seconds: number, stop: AbortSignal) => Promise<void>
  },
): Promise<void> {
  const { log, pause } = options
  const fatal = new AbortController()
  const over = AbortSignal.any([options.stop, fatal.signal])

  const running = services.map(service => {
    const end = new AbortController()
    return { service, end, done: keepRunning(service, end.signal) }
  })

  async function keepRunning(service: Service, stop: AbortSignal): Promise<void> {
    for (let failures = 0; !stop.aborted; failures++) {
      try {
        await service.run(stop)
        return
      } catch (error) {
        if (stop.aborted) return
        const fault = faultOf(error)
        if (!fault.again) {
          fatal.abort(fault)
          return
        }
        const seconds = restartDelays[Math.min(failures, restartDelays.length - 1)]!
        log.error('service-failed', {
          service: service.name,
          code: fault.code,
          detail: fault.detail,
          stack: fault.code === 'internal' ? stackOf(fault) : undefined,
          restartInSeconds: seconds,
          advice: fault.advice,
        })
        await pause(seconds, stop)
      }
    }
  }

  if (!over.aborted) {
    await new Promise(resolve => over.addEventListener('abort', resolve, { once: true }))
  }
  for (const { end, done } of running.reverse()) {
    end.abort()
    await done
  }
  if (fatal.signal.aborted) throw fatal.signal.reason
}

function stackOf(fault: Error): string | undefined {
  return fault.cause instanceof Error ? fault.cause.stack : fault.stack
}
