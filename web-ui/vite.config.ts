import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** A weak box compresses once, here, and not for each caller; without HTTPS browsers take gzip only. */
function compressed(): Plugin {
  return {
    name: 'compressed',
    writeBundle({ dir = '' }) {
      for (const name of readdirSync(dir, { recursive: true, encoding: 'utf8' })) {
        if (!/\.(js|css|html|svg)$/.test(name)) continue
        const file = join(dir, name)
        const bytes = readFileSync(file)
        writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }))
        writeFileSync(`${file}.br`, brotliCompressSync(bytes))
      }
    },
  }
}

// biome-ignore lint/style/noDefaultExport: Vite takes it so
export default defineConfig({
  root: import.meta.dirname,
  // Found wherever the box is reached: a proxy may put it below a path of its own.
  base: './',
  plugins: [compressed()],
  build: {
    target: 'es2022',
    // Inlined files would be data: URLs, which the pages' policy does not allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // Mantine marks its files for servers that render; there is none here.
      onwarn(warning, tell) {
        if (warning.code !== 'MODULE_LEVEL_DIRECTIVE') tell(warning)
      },
    },
  },
  // `npx vite web-ui` while working on the pages, beside a running box.
  server: { proxy: { '^/(api|readyz|studies|statistics|tools)': 'http://127.0.0.1:8042' } },
})
