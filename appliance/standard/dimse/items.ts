/** PS3.7 D.3.3.7; the fields are bytes, since a ticket, an assertion or a token may be anything. */
export interface UserIdentity {
  type: number
  positiveResponseRequested: boolean
  primary: Uint8Array
  /** The passcode of type 2. */
  secondary: Uint8Array
}
