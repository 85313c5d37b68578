// SPDX-License-Identifier: EUPL-1.2
// Bundles pages, workers and the style sheet into static/dist/. Names of entries carry no hash: Django's manifest storage adds it.
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import * as esbuild from 'esbuild'

const { values: flags } = parseArgs({ options: { watch: { type: 'boolean' }, sourcemap: { type: 'boolean' } } })
const outdir = 'static/dist'

/** The entry files of a folder, in a fixed order; none where the folder is not there. */
function entries(folder, extension) {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => name.endsWith(extension) && !name.endsWith('.d.ts'))
    .sort()
    .map((name) => `${folder}/${name}`)
}

const shared = {
  bundle: true,
  metafile: true,
  minify: true,
  sourcemap: flags.sourcemap ?? false,
  target: 'es2022',
  legalComments: 'eof',
  logLevel: 'info',
}
const builds = [
  {
    ...shared,
    entryPoints: entries('static/ts/pages', '.ts'),
    outdir,
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    splitting: true,
  },
  {
    ...shared,
    entryPoints: entries('static/ts/workers', '.ts'),
    outdir: `${outdir}/workers`,
    entryNames: '[name]',
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    splitting: true,
  },
  {
    ...shared,
    entryPoints: entries('static/css', '.css').filter((path) => path.endsWith('/app.css')),
    outdir,
    entryNames: '[name]',
    assetNames: 'fonts/[name]-[hash]',
    loader: { '.woff': 'file', '.woff2': 'file', '.svg': 'file' },
  },
].filter((build) => build.entryPoints.length > 0)

/** Removes what no build of this run wrote; until then a running server still finds it. */
function removeStale(results) {
  const written = new Set(results.flatMap(({ metafile }) => Object.keys(metafile.outputs)))
  if (!existsSync(outdir)) return
  for (const entry of readdirSync(outdir, { recursive: true, withFileTypes: true })) {
    const path = relative('.', resolve(entry.parentPath, entry.name))
    if (entry.isFile() && !written.has(path)) rmSync(path)
  }
}

/** The licences of the packages whose code is in what was built: each asks that its notice goes along. */
function licences(results) {
  const inputs = results.flatMap(({ metafile }) => Object.keys(metafile.inputs))
  const folders = inputs.map((path) => /^node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]).filter(Boolean)
  return [...new Set(folders)].sort().map((folder) => {
    const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'))
    const notice = readdirSync(folder).find((file) => /^licen[cs]e/i.test(file))
    if (notice === undefined) throw new Error(`${name} has no licence: may it be given away?`)
    return `${name} ${version}\n\n${readFileSync(`${folder}/${notice}`, 'utf8').trim()}\n`
  })
}

if (flags.watch) {
  for (const build of builds) await (await esbuild.context(build)).watch()
} else {
  const results = await Promise.all(builds.map((build) => esbuild.build(build)))
  removeStale(results)
  writeFileSync(`${outdir}/licences.txt`, licences(results).join(`\n${'-'.repeat(80)}\n\n`))
}
