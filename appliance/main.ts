/**
 * The one program: a command line in, an exit code out. Nothing imports this file. The parts meet in
 * `service.ts`, and only there.
 *
 * Exit codes are those of sysexits.h, so that systemd can tell what only a person can mend (a wrong
 * setting: 78) from what another start may mend (75).
 */
import { commands, version } from './commands.ts'
import { type FaultCode, faultOf } from './faults.ts'
import { twinOf } from './host/config/config.ts'

/** Exit codes of sysexits.h by what went wrong at start; everything else is worth another start. */
const exitCodes: Partial<Record<FaultCode, number>> = {
  'settings-refused': 78,
  'data-folder-refused': 78,
  'port-taken': 69,
  'storage-full': 74,
  'storage-failed': 74,
}

function usage(): string {
  const list = Object.entries(commands).map(([name, { help }]) => `  ${name.padEnd(16)}${help}`)
  return `waystation ${version}\n\nusage: waystation COMMAND [options]\n\n${list.join('\n')}\n\nwaystation COMMAND --help tells its options.\n`
}

function usageOf(name: string): string {
  const { help, options } = commands[name]!
  const list = Object.entries(options).map(
    ([option, { help: text }]) => `  --${option} ${text}\n      or ${twinOf(option)}`,
  )
  return `waystation ${name}: ${help}\n\n${list.join('\n')}\n`
}

async function main([name = '--help', ...args]: string[]): Promise<number> {
  if (name === '--help' || name === 'help') {
    process.stdout.write(usage())
    return 0
  }
  const command = commands[name]
  if (!command) {
    process.stderr.write(`waystation: there is no command "${name}"\n\n${usage()}`)
    return 64
  }
  if (args.includes('--help')) {
    process.stdout.write(usageOf(name))
    return 0
  }
  try {
    return await command.run(args)
  } catch (error) {
    const fault = faultOf(error)
    const sentences = fault.detail.split('; ').map(each => `  ${each}`)
    process.stderr.write(`waystation: ${fault.advice}\n${sentences.join('\n')}\n`)
    if (fault.code === 'internal')
      process.stderr.write(`${(fault.cause as Error | undefined)?.stack ?? fault.stack}\n`)
    return exitCodes[fault.code] ?? 75
  }
}

// A socket that still waits for its peer to close must not hold up the stop: all is on disk by now.
process.exit(await main(process.argv.slice(2)))
