import { beforeAssociationScripts } from './beforeAssociation.ts'
import { dataTransferScripts } from './dataTransfer.ts'
import { messageScripts } from './messages.ts'
import { negotiatingScripts } from './negotiating.ts'
import { partingScripts } from './parting.ts'
import type { Script } from './script.ts'
import { tlsPortScripts } from './tlsPort.ts'

/** Every bad manner the parrot knows, in the order of an association's life. */
export const scripts: readonly Script[] = [
  ...beforeAssociationScripts,
  ...negotiatingScripts,
  ...dataTransferScripts,
  ...messageScripts,
  ...partingScripts,
  ...tlsPortScripts,
]
