import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findingsOf } from './audit/audit.ts';
import type { AuditContext, AuditRule } from './audit/context.ts';
import type { AuditReport } from './audit/report.ts';
import { meshes } from '../mesh/meshes.ts';
import { internalError } from './failures.ts';
import { run } from './run.ts';
import { version } from '../base/version.ts';

const root = join(import.meta.dirname, '../..');

interface Result {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function cli(args: readonly string[], stdin = ''): Promise<Result> {
  const written = { stdout: '', stderr: '' };
  const exitCode = await run(args, {
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: {
      write: (text) => {
        written.stdout += text;
      },
    },
    stderr: {
      write: (text) => {
        written.stderr += text;
      },
    },
    meshes,
  });
  return { exitCode, ...written };
}

const clean =
  'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: clean}\nspec:\n  rules: [{from: [{source: {namespaces: [shop]}}]}]\n';
const warning =
  'apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: default, namespace: shop}\nspec: {egress: [{hosts: ["./*"]}]}\n';
const critical =
  'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: http}\nspec:\n  action: DENY\n  rules: [{to: [{operation: {methods: [DELETE]}}]}]\n';
const template = 'metadata:\n  name: {{ .Values.name }}\n';

describe('mesh-migration audit', () => {
  it.each([
    ['nothing', '', [], 2],
    ['comments only', '# nothing\n---\n# more\n', [], 2],
    ['YAML without an object', 'a: 1\n', [], 2],
    ['a clean policy', clean, [], 0],
    ['a warning', warning, [], 0],
    ['a warning that is to fail', warning, ['--fail-on', 'warning'], 1],
    ['a critical finding', critical, [], 1],
    ['a critical finding when warnings fail', critical, ['--fail-on', 'warning'], 1],
    ['a critical finding that nobody minds', critical, ['--fail-on', 'never'], 0],
    ['a template', template, [], 2],
    ['a template when findings do not matter', template, ['--fail-on', 'never'], 2],
    ['a template and a critical finding', `${critical}---\n${template}`, [], 2],
  ])('ends for %s with its exit code', async (_, manifest, options, exitCode) => {
    expect(await cli(['audit', '-f', '-', ...options], manifest)).toMatchObject({ exitCode, stderr: '' });
  });

  it('says that there is nothing, also in a file, a folder or a pipe beside others', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'empty-'));
    try {
      await writeFile(join(folder, 'empty.yaml'), '# nothing\n');
      expect(await cli(['audit', '-f', '-', '-f', folder], clean)).toMatchObject({
        exitCode: 2,
        stdout: expect.stringContaining('there is no object of the Kubernetes API in it'),
      });
      await writeFile(join(folder, 'clean.yaml'), clean);
      expect(await cli(['audit', '-f', folder])).toMatchObject({ exitCode: 0 });
      expect(await cli(['audit', '-f', join(folder, 'empty.yaml'), '-f', join(folder, 'clean.yaml')])).toMatchObject({
        exitCode: 2,
      });
      expect(await cli(['plan', '-f', folder, '-f', '-'], '')).toMatchObject({
        exitCode: 2,
        stdout: expect.stringContaining('Unreadable -: there is no object'),
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('names an object that stands in two places', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'twice-'));
    try {
      for (const name of ['a.yaml', 'b.yaml'])
        await writeFile(
          join(folder, name),
          `# ${name}\n${clean.replace('security.istio.io/v1\n', `security.istio.io/${name === 'a.yaml' ? 'v1' : 'v1beta1'}\n`)}`,
        );
      for (const command of ['audit', 'plan']) {
        const { stdout, exitCode } = await cli([command, '-f', folder, '-o', 'json', '--fail-on', 'warning']);
        expect(exitCode).toBe(1);
        expect(stdout).toContain(`it is also in ${join(folder, 'b.yaml')}:2`);
        expect(stdout).toContain('"id": "MM008"');
      }
      expect((await cli(['audit', '-f', join(folder, 'a.yaml'), '-o', 'json'])).stdout).not.toContain('MM008');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('puts objects without a namespace into the one that is given', async () => {
    const namespaces = async (...options: readonly string[]): Promise<unknown> => {
      const { stdout } = await cli(['audit', '-f', '-', '-o', 'json', ...options], clean);
      return (JSON.parse(stdout) as { policies: { namespace: string }[] }).policies.map(({ namespace }) => namespace);
    };

    expect(await namespaces()).toEqual(['default']);
    expect(await namespaces('-n', 'shop')).toEqual(['shop']);
  });

  it('takes policies of the root namespace for mesh-wide', async () => {
    const { stdout } = await cli(
      ['audit', '-f', '-', '-o', 'json', '-n', 'control', '--istio-namespace', 'control'],
      clean,
    );

    expect(JSON.parse(stdout)).toMatchObject({ policies: [{ scope: 'Mesh' }] });
  });

  it('says for which version of Istio', async () => {
    const { stdout } = await cli(['audit', '-f', '-', '-o', 'json', '--istio-version', 'v1.30.3'], clean);

    expect(JSON.parse(stdout)).toMatchObject({ istioVersion: '1.30' });
  });

  it.each([
    [[], 'a command is missing'],
    [['adit'], 'there is no command "adit"'],
    [['audit', '--exclude', 'a'], '--exclude leaves out files, and there is no -f'],
    [['audit', '-f', '-', '--context', 'a'], '--context is about a cluster, and with -f none is asked'],
    [['audit', '-f', '-', '-n', 'a', '-n', 'b'], '--namespace: with -f it is the one of objects that name none'],
    [['audit', '--kubeconfig', '/does/not/exist'], '/does/not/exist'],
    [['audit', '-f', '/does/not/exist'], 'cannot read /does/not/exist'],
    [['audit', '-f', '-', '-o', 'xml'], '--output must be one of table, json, yaml, sarif, junit'],
    [['audit', '-f', '-', '-o', 'constructor'], '--output must be one of'],
    [['audit', '-f', '-', '--fail-on', 'info'], '--fail-on must be one of critical, warning, never'],
    [['audit', '-f', '-', '--istio-version', 'latest'], '--istio-version must be a version'],
    [['audit', '-f', '-', '-n', 'Not A Name'], '--namespace must be the name of a namespace'],
    [['audit', '-f', '-', '--nonsense'], "Unknown option '--nonsense'"],
    [['audit', 'file.yaml'], 'Unexpected argument'],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await cli(args);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });

  it('helps, and knows its version', async () => {
    expect(await cli(['--help'])).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('mesh-migration audit\n'),
    });
    expect(await cli(['audit', '--help'])).toMatchObject({ exitCode: 0 });
    expect(await cli(['--version'])).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
    expect((JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version).toBe(version);
  });
});

describe('mesh-migration plan', () => {
  const workload =
    'apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {selector: {app: cart}, ports: [{name: http, port: 80}]}\n';
  const reads = (source: string): string =>
    `${workload}---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: cart, namespace: shop}\nspec: {selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {${source}}}], to: [{operation: {methods: [GET]}}]}]}\n`;
  const good = reads('namespaces: [web]');
  const blocked = reads('ipBlocks: [10.0.0.1]');
  let directory = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'plan-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it.each([
    ['nothing', '', [], 2],
    ['what is not blocked', good, [], 0],
    ['what is blocked', blocked, [], 1],
    ['what is blocked, and nobody minds', blocked, ['--fail-on', 'never'], 0],
    ['a template', template, [], 2],
  ])('ends for %s with its exit code', async (_, manifest, options, exitCode) => {
    expect(await cli(['plan', '-f', '-', ...options], manifest)).toMatchObject({ exitCode, stderr: '' });
  });

  it('writes an overlay', async () => {
    const { exitCode, stdout } = await cli(['plan', '-f', '-', '-o', 'json', '--write', join(directory, 'good')], good);
    const { written } = JSON.parse(stdout) as { written: { files: readonly string[] } };

    expect(exitCode).toBe(0);
    expect(written.files[0]).toBe('kustomization.yaml');
    expect(readdirSync(join(directory, 'good')).sort()).toEqual([...written.files].sort());
    expect(await cli(['audit', '-f', join(directory, 'good')])).toMatchObject({ exitCode: 0 });
  });

  it('says the same with its own overlay among the manifests', async () => {
    const file = join(directory, 'again', 'shop.yaml');
    mkdirSync(join(directory, 'again'));
    await writeFile(file, good);
    const overlay = join(directory, 'again', 'overlay');
    const first = await cli(['plan', '-f', join(directory, 'again'), '--write', overlay]);

    expect(first.exitCode).toBe(0);
    expect(await cli(['plan', '-f', join(directory, 'again'), '--write', overlay])).toEqual(first);
  });

  it.each([
    ['an object is there twice', `${good}---\n${good.replace('[GET]', '[POST]').split('---\n').at(-1) ?? ''}`, 'MM008'],
    ['something is to be filled in', reads('namespaces: ["${TEAM}"]'), 'MM160'],
  ])('writes nothing, and says why, where %s', async (_, manifest, id) => {
    const out = join(directory, id);
    const { exitCode, stdout } = await cli(['plan', '-f', '-', '--write', out], manifest);

    expect(exitCode).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(new RegExp(`Nothing was written to .*\\(${id}\\)\\.`));
    expect(existsSync(out)).toBe(false);
  });

  it('writes for all but those about whom something is to be filled in, and says so', async () => {
    const out = join(directory, 'in-part');
    const blank =
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: blog, labels: {a: "${TEAM}"}}\n';
    const others = `---\n${good.replaceAll('shop', 'blog')}`;
    const { exitCode, stdout } = await cli(['plan', '-f', '-', '--write', out], `${good}${others}${blank}`);

    expect(exitCode).toBe(1);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
      'Not written for blog: - is not rendered: "${TEAM}" is to be filled in (MM160).',
    );
    expect(readdirSync(out).some((name) => name.includes('.shop.'))).toBe(true);
    expect(readdirSync(out).filter((name) => name.includes('blog'))).toEqual([]);
  });

  const inBlog = (kind: string, apiVersion: string, rest: string): string =>
    `---\napiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {namespace: blog, ${rest}`;

  it.each([
    [
      'the mesh configuration',
      '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: elsewhere}\ndata: {mesh: "trustDomain: ${DOMAIN}"}\n',
    ],
    [
      'a namespace of callers',
      '---\napiVersion: v1\nkind: Namespace\nmetadata: {name: blog, labels: {a: "${TEAM}"}}\n',
    ],
    ['pods of callers', inBlog('Deployment', 'apps/v1', 'name: a, labels: {a: "${TEAM}"}}\n')],
    [
      'a route beside a blank that is of its own namespace',
      inBlog('PodDisruptionBudget', 'policy/v1', 'name: a, labels: {a: "${TEAM}"}}\n') +
        inBlog('VirtualService', 'networking.istio.io/v1', 'name: b}\nspec: {hosts: ["${HOST}"]}\n'),
    ],
  ])('writes nothing while something is to be filled in for %s', async (what, blank) => {
    const out = join(directory, `blank-${what.replaceAll(' ', '-')}`);
    const { exitCode } = await cli(['plan', '-f', '-', '--write', out], `${good}${blank}`);

    expect(exitCode).not.toBe(0);
    expect(existsSync(out)).toBe(false);
  });

  it.each(['audit', 'plan'])('%s leaves out what is excluded', async (command) => {
    const folder = join(directory, `excluded-${command}`);
    mkdirSync(folder);
    await writeFile(join(folder, 'good.yaml'), good);
    await writeFile(join(folder, 'template.yaml'), template);

    expect(await cli([command, '-f', folder])).toMatchObject({ exitCode: 2 });
    expect(await cli([command, '-f', folder, '--exclude', 'template.*'])).toMatchObject({ exitCode: 0 });
  });

  it('takes no version that nobody knows', async () => {
    expect(await cli(['plan', '-f', '-', '--istio-version', '9.9'], good)).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('must be at most'),
    });
  });

  it('writes nothing outside of its folder, whatever names the manifests give', async () => {
    const out = join(directory, 'deep', 'down', 'out');
    const result = await cli(
      ['plan', '-f', '-', '--write', out],
      good.replaceAll(
        'metadata: {name: cart, namespace: shop}\nspec: {selector: {matchLabels',
        'metadata: {name: "x/../../../pwned", namespace: shop}\nspec: {selector: {matchLabels',
      ),
    );

    expect(result).toMatchObject({ exitCode: 2, stderr: '' });
    expect(result.stdout).toContain('Nothing was written to');
    expect(readdirSync(directory).filter((name) => name.includes('pwned') || name === 'deep')).toEqual([]);
  });

  it.each([
    ['a critical finding blocks', blocked, ['--fail-on', 'never'], 1, 'critical findings block shop'],
    ['something is unreadable', `${good}---\n${template}`, [], 2, 'something could not be read'],
  ])('writes nothing where %s, and says so', async (_, manifest, options, exitCode, why) => {
    const result = await cli(['plan', '-f', '-', '--write', join(directory, 'none'), ...options], manifest);

    expect(result.exitCode).toBe(exitCode);
    expect(result.stdout).toContain('Nothing was written to');
    expect(result.stdout).toContain(why);
    expect(existsSync(join(directory, 'none'))).toBe(false);
  });

  it.each([
    [['plan', '--kubeconfig', '/does/not/exist'], '/does/not/exist'],
    [['plan', '-f', '-', '-o', 'sarif'], '--output must be one of table, json, yaml'],
    [['plan', '-f', '-', '--write', root], 'is not empty'],
    [['audit', '-f', '-', '--write', root], "Unknown option '--write'"],
  ])('refuses %j', async (args, message) => {
    const { exitCode, stdout, stderr } = await cli(args, good);

    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describe('what acts on a terminal', () => {
  const acting = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u2028-\u202E\u2066-\u2069]/;
  const odd = '\\e[31m\\e]0;x\\a\\x7F\\x9B\\u202E\\u2066\\u2028\\r';
  const manifests = [
    'apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {selector: {app: cart}, ports: [{name: http, port: 80}]}\n',
    `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: a, namespace: shop}\nspec: {"x${odd}": 1, action: "${odd}", rules: [{to: [{operation: {methods: ["${odd}"]}}]}]}\n`,
    `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: b, namespace: shop}\nspec: {selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {namespaces: [web]}}], to: [{operation: {methods: ["${odd}"], "y${odd}": 1}}], when: [{key: "${odd}", values: ["${odd}"]}]}]}\n`,
    `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: c, namespace: shop}\nspec: {hosts: [cart], http: [{"z${odd}": 1, match: [{uri: {exact: "/${odd}"}}], route: [{destination: {host: "${odd}"}}]}]}\n`,
    `apiVersion: v1\nkind: Service\nmetadata: {name: "d${odd}"}\n`,
    `"${odd}": 1\n"${odd}": 2\n`,
    `apiVersion: meshmigration.dev/v1alpha1\nkind: MeshMigration\nmetadata: {name: m}\nspec: {from: "${odd}"}\n`,
  ].join('---\n');

  it.each([
    ['audit', 'table'],
    ['audit', 'json'],
    ['audit', 'yaml'],
    ['audit', 'sarif'],
    ['audit', 'junit'],
    ['plan', 'table'],
    ['plan', 'json'],
    ['plan', 'yaml'],
  ])('is no word that %s -o %s says', async (command, format) => {
    const { stdout, stderr } = await cli([command, '-f', '-', '-o', format], manifests);

    expect(stderr).toBe('');
    expect(stdout).toContain('…');
    expect(acting.exec(stdout)).toBeNull();
    if (format === 'json') expect(acting.exec(JSON.stringify(JSON.parse(stdout)))).toBeNull();
  });

  it('is escaped in messages about the arguments', async () => {
    const { stderr } = await cli(['audit', '-f', '/no/\u001B[31m\u202E']);

    expect(stderr).toContain('u001b');
    expect(acting.exec(stderr)).toBeNull();
  });
});

describe('a fault of the command itself', () => {
  it('has an exit code of its own, and a stack to report', async () => {
    const written: string[] = [];
    const exitCode = await run(['audit', '-f', '-'], {
      stdin: Readable.from([Buffer.from(critical)]),
      stdout: {
        write: () => {
          throw new RangeError('broken');
        },
      },
      stderr: { write: (text) => written.push(text) },
    });

    expect(exitCode).toBe(3);
    expect(written.join('')).toMatch(/^internal error: RangeError: broken\n {4}at [^]*please report it\.\n$/);
  });

  it('is that of a Node.js that is too old, which is said', () => {
    const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { engines: { node: string } };

    for (const old of ['20.20.2', '22.9.0', '22.18.1'])
      expect(internalError(new RangeError('broken'), old).text).toContain(
        `needs Node.js ${engines.node.replace('>=', '')} or newer, and this is ${old}.\n`,
      );
    for (const recent of ['22.19.0', '22.20.0', '24.9.0'])
      expect(internalError(new RangeError('broken'), recent).text).toMatch(/please report it\.\n$/);
  });

  it('is none of standard input that breaks', async () => {
    const written: string[] = [];
    const stdin = new Readable({
      read(): void {
        this.destroy(new Error('gone'));
      },
    });

    expect(
      await run(['audit', '-f', '-'], {
        stdin,
        stdout: { write: () => undefined },
        stderr: { write: (text) => written.push(text) },
      }),
    ).toBe(2);
    expect(written).toEqual(['cannot read standard input: gone\nTry --help.\n']);
  });

  it('names the rule', () => {
    const context = {} as AuditContext;
    const rule: AuditRule = {
      id: 'MM999',
      severity: 'Warning',
      title: 'Broken',
      fix: 'none',
      find: () => {
        throw new TypeError('x');
      },
    };

    expect(() => findingsOf([rule], context)).toThrow('rule MM999');
  });
});

describe('empty rules', () => {
  it('are no fault of the command, beside a policy that needs a waypoint', async () => {
    const workload =
      'apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec: {selector: {app: cart}, ports: [{name: http, port: 80}]}\n';
    const policy = (name: string, rules: string): string =>
      `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: ${name}, namespace: shop}\nspec:\n  selector: {matchLabels: {app: cart}}\n  rules: ${rules}\n`;

    expect(
      await cli(
        ['plan', '-f', '-'],
        [
          workload,
          policy('none', ''),
          policy('get', '[{from: [{source: {namespaces: [web]}}], to: [{operation: {methods: [GET]}}]}]'),
        ].join('---\n'),
      ),
    ).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

describe('a policy that is too large to compare', () => {
  const paths = Array.from({ length: 4000 }, (_each, index) => `"/a/{*}/p${index}/{**}"`);
  const large = `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: large}\nspec:\n  action: DENY\n  rules: [{to: [{operation: {paths: [${paths.join(', ')}]}}]}]\n`;

  it('counts as the worst in the audit, which says so and goes on with the others', async () => {
    const { exitCode, stdout } = await cli(['audit', '-f', '-', '-o', 'json'], [large, critical].join('---\n'));
    const { findings, policies } = JSON.parse(stdout) as AuditReport;

    expect(exitCode).toBe(1);
    expect(findings.map(({ id, object }) => `${id} ${object}`)).toEqual([
      'MM020 AuthorizationPolicy default/http',
      'MM119 AuthorizationPolicy default/large',
      'MM071 Namespace default',
    ]);
    expect(policies.find(({ name }) => name === 'large')).toMatchObject({
      planes: { ztunnel: { effect: 'FailsOpen' } },
      notes: ['it is too large to compare: every effect is the worst that it may be'],
    });
  });
});

describe('the process', () => {
  let directory = '';

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'cli-'));
  });
  afterAll(async () => {
    await rm(directory, { recursive: true });
  });

  it('ends without a word when its reader closes the pipe', async () => {
    const file = join(directory, 'many.yaml');
    await writeFile(file, Array.from({ length: 2000 }, () => critical).join('---\n'));
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(root, 'src/cli/main.ts'), 'audit', '-f', file, '-o', 'json'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const stderr: Buffer[] = [];
    child.stderr.on('data', (part: Buffer) => stderr.push(part));
    child.stdout.once('data', () => child.stdout.destroy());
    const [code] = (await once(child, 'close')) as [number | null];

    expect({ code, stderr: Buffer.concat(stderr).toString() }).toEqual({ code: 1, stderr: '' });
  });
});
