import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { formats } from './formats/format.ts';
import { run } from './run.ts';

const commands = [
  '::error::stop',
  '##vso[task.setvariable variable=a]b',
  '##[error]stop',
  "##teamcity[message text='a']",
];

/** As runners find them: anywhere in a line, or at its beginning. */
const obeyed = /^\s*::|##\w*\[/m;

async function printed(args: readonly string[], stdin = ''): Promise<string> {
  let text = '';
  const stream = { write: (part: string): unknown => (text += part) };
  await run(args, { stdin: Readable.from([Buffer.from(stdin)]), stdout: stream, stderr: stream });
  return text;
}

/** Objects in each of whose texts a command stands at the beginning of a line, within one and after a long one. */
function manifests(command: string): string {
  const odd = `a\n${command}\nb ${command} ${'x'.repeat(90)} ${command}`;
  const meta = { namespace: 'shop' };
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'cart', ...meta },
      spec: { selector: { app: 'cart' }, ports: [{ name: 'http', port: 80 }] },
    },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'a', ...meta },
      spec: {
        selector: { matchLabels: { app: 'cart' } },
        action: 'DENY',
        rules: [{ to: [{ operation: { methods: ['GET'], paths: [odd, `/${command}`], [odd]: [odd] } }] }],
      },
    },
    {
      apiVersion: 'security.istio.io/v1',
      kind: 'AuthorizationPolicy',
      metadata: { name: 'b', ...meta },
      spec: { action: odd },
    },
    {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'c', ...meta },
      spec: {
        hosts: ['cart'],
        http: [{ match: [{ headers: { 'x-a': { exact: odd } } }], route: [{ destination: { host: 'cart' } }] }],
      },
    },
  ];
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}

describe.each(commands)('the command of a runner of CI %s', (command) => {
  let directory = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'ci-commands-'));
    await writeFile(join(directory, 'all.yaml'), manifests(command));
    await writeFile(join(directory, `${command}.yaml`), 'kind: [unclosed\n');
  });

  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it.each([
    ...Object.keys(formats).map((format) => ['audit', format]),
    ...['table', 'json', 'yaml'].map((format) => ['plan', format]),
  ])('is in no line of %s -o %s', async (name = '', format = '') => {
    const text = await printed([name, '-f', directory, '-o', format]);
    expect(text).toContain(/[a-z]+/.exec(command)?.[0] ?? '');
    expect(obeyed.exec(text)).toBeNull();
    if (format === 'json') expect(JSON.stringify(JSON.parse(text))).toContain(command);
    if (format === 'yaml') expect(JSON.stringify(parse(text))).toContain(command);
  });

  it('is in no message about the arguments', async () => {
    for (const args of [['audit', '-f', `\n${command}`], [`\n${command}`], ['plan', '-f', '-', '-o', `\n${command}`]])
      expect(obeyed.exec(await printed(args))).toBeNull();
  });

  it('says what it said to whoever reads the XML', async () => {
    const text = await printed(['audit', '-f', directory, '-o', 'junit']);
    const read = text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
    expect(read).toContain(command.replaceAll("'", '&apos;').split('&')[0] ?? '');
  });
});
