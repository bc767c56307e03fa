import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { unpackedPackage } from './debian.ts'
import type { Kernel } from './kernel.ts'

/**
 * The guest's first and only userland of its own: busybox, the modules and this script. The first
 * disk is the application, read only; the second is the data disk, checked and mounted as Debian does
 * it with ext4 (systemd-fsck@.service: `e2fsck -p`). Without the check a torn block of the journal is
 * enough that the kernel refuses to mount: it replays or refuses, and only e2fsck mends.
 * With `eager` in the kernel's arguments, what is dirty is written at once and not only when somebody
 * syncs or half a minute has passed. Words on the console: `stop` ends the service and switches off in order, `log` shows what the
 * service printed.
 */
const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin
mount -t devtmpfs dev /dev
mount -t proc proc /proc
mount -t sysfs sys /sys
for module in /modules/*; do insmod $module; done
ifconfig lo 127.0.0.1
ifconfig eth0 10.0.2.15 netmask 255.255.255.0
if grep -q eager /proc/cmdline; then
  echo 10 >/proc/sys/vm/dirty_writeback_centisecs
  echo 10 >/proc/sys/vm/dirty_expire_centisecs
fi
mount -t ext4 -o ro /dev/vda /app
mount -t tmpfs tmp /app/tmp
for each in dev proc sys; do mount --bind /$each /app/$each; done
chroot /app /bin/e2fsck -p /dev/vdb
if [ $? -gt 1 ]; then
  echo 'guest: the data disk cannot be mended without a person'
  poweroff -f
fi
if ! mount -t ext4 /dev/vdb /app/data; then
  echo 'guest: the data disk does not mount'
  poweroff -f
fi
serve() {
  chroot /app /bin/sh -c '. /serve' >/app/tmp/log 2>&1
  echo "guest: the service ended with $?"
  tail -n 40 /app/tmp/log
  dmesg | tail -n 8
  umount /app/data && echo 'guest: the data disk is unmounted'
  poweroff -f
}
echo 'guest: starting the service'
serve &
while read -r word; do
  case $word in
  stop) killall -TERM node ;;
  log) cat /app/tmp/log; echo 'guest: end of log' ;;
  esac
done
while :; do sleep 3600; done
`

interface Entry {
  name: string
  mode: number
  bytes?: Buffer
  /** Major and minor number of a device. */
  device?: readonly [number, number]
}

export async function makeInitramfs(kernel: Kernel, cache: string): Promise<Buffer> {
  const folder = await unpackedPackage('busybox-static', cache)
  const directories = ['app', 'bin', 'dev', 'modules', 'proc', 'sys']
  return archive([
    ...directories.map(name => ({ name, mode: 0o040755 })),
    { name: 'init', mode: 0o100755, bytes: Buffer.from(init) },
    { name: 'bin/busybox', mode: 0o100755, bytes: readFileSync(join(folder, 'bin/busybox')) },
    // The kernel opens it before the script mounts /dev.
    { name: 'dev/console', mode: 0o020600, device: [5, 1] },
    ...kernel.modules.map(({ name, bytes }, index) => ({
      name: `modules/${String(index).padStart(2, '0')}-${name}.ko`,
      mode: 0o100644,
      bytes,
    })),
  ])
}

/** The "newc" form of a cpio archive (the kernel's early-userspace/buffer-format). */
function archive(entries: readonly Entry[]): Buffer {
  const parts = [...entries, { name: 'TRAILER!!!', mode: 0 }].flatMap((entry: Entry, index) => {
    const bytes = entry.bytes ?? Buffer.alloc(0)
    const [major, minor] = entry.device ?? [0, 0]
    const fields = [index + 1, entry.mode, 0, 0, 1, 0, bytes.length]
    const places = [0, 0, major, minor, entry.name.length + 1, 0]
    const hex = [...fields, ...places].map(each => each.toString(16).padStart(8, '0')).join('')
    return [padded(Buffer.from(`070701${hex}${entry.name}\0`, 'latin1')), padded(bytes)]
  })
  return Buffer.concat(parts)
}

const padded = (bytes: Buffer) => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
