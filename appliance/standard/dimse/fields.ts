import { Violation } from './violation.ts'

/** Reads the big-endian fields of PS3.8 from front to back; what runs past the end is a violation. */
export class FieldReader {
  readonly #bytes: Uint8Array
  readonly #within: string
  #at = 0

  /** `within` names the PDU or item for whoever reads the violation. */
  constructor(bytes: Uint8Array, within: string) {
    this.#bytes = bytes
    this.#within = within
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  skip(length: number): void {
    this.bytes(length)
  }

  u8(): number {
    return this.bytes(1)[0]!
  }

  u16(): number {
    const [high, low] = this.bytes(2)
    return (high! << 8) | low!
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16()
  }

  bytes(length: number): Uint8Array {
    if (length > this.left)
      throw new Violation(
        'invalidParameter',
        `${this.#within}: a field of ${length} bytes where ${this.left} are left`,
      )
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** ISO 646 text; padding by spaces and, from careless peers, NULs is taken off. */
  text(length: number): string {
    return textOf(this.bytes(length))
  }

  /** An item of PS3.8 §9.3: type, reserved byte, length of 16 bits, contents. */
  item(): { type: number; body: Uint8Array } {
    const type = this.u8()
    this.skip(1)
    return { type, body: this.bytes(this.u16()) }
  }
}

/** Text of PDUs and command sets without its padding, at either end. */
export function textOf(bytes: Uint8Array): string {
  let from = 0
  let to = bytes.length
  while (to > from && (bytes[to - 1] === 0x20 || bytes[to - 1] === 0)) to--
  while (from < to && bytes[from] === 0x20) from++
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1')
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value)
}

export function u32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)
}

export function ascii(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** A field with its own length of 16 bits before it, as user-information items have. */
export function counted(value: Uint8Array): Uint8Array {
  return joined(u16(value.length), value)
}

export function item(type: number, ...parts: Uint8Array[]): Uint8Array {
  const body = joined(...parts)
  return joined(Uint8Array.of(type, 0), u16(body.length), body)
}

export function joined(...parts: Uint8Array[]): Uint8Array {
  return Buffer.concat(parts)
}
