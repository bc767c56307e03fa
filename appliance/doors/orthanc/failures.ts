import { faultOf } from '../../faults.ts'
import type { Desk } from './desk.ts'

/** Tells the log of a download that broke off on our side. */
export function failed(desk: Desk): (error: unknown) => void {
  return error => {
    const { code, detail, advice } = faultOf(error)
    desk.log.error('download-broken', { fault: code, detail, advice })
  }
}
