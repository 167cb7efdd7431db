// Services under other OCI runtimes: looked at from inside, beside the same service under tcompose's own, and on the host.

import { readFileSync } from 'node:fs';
import { get } from 'node:http';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { findContained, findMonitor } from './host-state.ts';
import { Pty } from './pty.ts';
import { forgetRuntimes, runtimes } from './runtimes.ts';
import { eventually, Scenario } from './scenario.ts';

let scenario: Scenario;

afterEach(async () => {
  scenario.run('down', '-v', '--remove-orphans', '-t', '0');
  expect(await scenario.leftovers()).toEqual({});
  scenario.dispose();
});
afterAll(forgetRuntimes);

const exec = (service: string, script: string, ...flags: string[]) =>
  scenario.ok('exec', '-T', ...flags, service, 'sh', '-c', script).stdout.trim();

function fetchText(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      answer.on('end', () => resolve(text));
    }).on('error', reject);
  });
}

/** What a process can tell of how it is confined. */
const PROBE = `
echo "== status"; grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp:|Sig(Blk|Ign))' /proc/self/status
echo "== limits"; cat /proc/self/limits; umask; cat /proc/self/oom_score_adj
echo "== names"; domainname; env | grep -v -E '^(HOSTNAME|PWD|SHLVL|_)=' | sort; pwd
echo "== masks"; for p in /proc/kcore /proc/keys /proc/timer_list /sys/firmware; do ls -dl $p 2>/dev/null | cut -c1-10; done
(echo x > /proc/sysrq-trigger) 2>&1; (echo 1 > /proc/sys/vm/swappiness) 2>&1; cat /proc/sys/net/ipv4/ip_unprivileged_port_start
echo "== files"; cat /run/secrets/word; stat -c '%u:%g %a' /run/secrets/word; cat /note /part/inner; (echo x > /part/new) 2>&1; (echo x > /x) 2>&1
stat -f -c '%T %b' /dev/shm; stat -c %a /cache; ls -d /.dockerenv; readlink /etc/mtab; ls /dev | grep -v core # of crun alone
echo "== cgroup"; for f in memory/memory.limit_in_bytes pids/pids.max memory.max pids.max; do [ -e /sys/fs/cgroup/$f ] && cat /sys/fs/cgroup/$f; done
cut -d: -f3 /proc/self/cgroup | sort -u
echo "== powers"; (unshare -m true) 2>&1 | head -1; (mknod /cache/kmem c 1 2 && cat /cache/kmem) 2>&1 | head -1
echo '== end'`;

const confined = (name: string, runtime: string) => `
services:
  own: &service
    image: host
    command: [sh, -c, 'sh /srv/probe; exec sleep 620']
    user: '1000:1000'
    group_add: ['2000']
    init: true
    read_only: true
    domainname: lan
    tmpfs: ['/cache:mode=1777']
    shm_size: 2m
    mem_limit: 96m
    pids_limit: 77
    cap_drop: [ALL]
    cap_add: [NET_BIND_SERVICE]
    security_opt: [no-new-privileges]
    sysctls: {net.ipv4.ip_unprivileged_port_start: '81'}
    ulimits: {nofile: {soft: 100, hard: 200}}
    environment: {FROM_FILE: file}
    stop_grace_period: 0s
    secrets: [{source: word, uid: '1000', mode: 0400}]
    configs: [{source: note, target: /note}]
    volumes:
      - './probe:/srv/probe:ro'
      - {type: volume, source: data, target: /part, read_only: true, volume: {subpath: below}}
  ${name}: {<<: *service, runtime: '${runtime}'}
  maker: {image: host, command: "sh -c 'mkdir -p /data/below; echo inner > /data/below/inner'", volumes: ['data:/data']}
volumes: {data: {}}
secrets: {word: {environment: WORD}}
configs: {note: {content: a note}}
`;

const served = (runtime: string) => `
services:
  web:
    image: host
    runtime: '${runtime}'
    init: true
    command: node -e "require('http').createServer((q, a) => a.end(process.env.HOSTNAME)).listen(8000)"
    ports: ['127.0.0.1:18961:8000']
    healthcheck: {test: [CMD, node, -e, 'fetch("http://127.0.0.1:8000")'], interval: 1s, start_interval: 500ms, start_period: 30s}
    stop_grace_period: 1s
  peer:
    image: host
    command: sleep 621
    stop_grace_period: 0s
    depends_on: {web: {condition: service_healthy}}
`;

const command = (runtime: string, line: string, more = '') =>
  `services: {web: {image: host, runtime: '${runtime}', command: ${JSON.stringify(line)}, stop_grace_period: 0s, ${more}}}`;

describe.each(runtimes)('$title', ({ name: runtime, isThere }) => {
  it.skipIf(!isThere)('confines a service as tcompose does itself', async () => {
    scenario = new Scenario(
      { 'compose.yaml': confined('other', runtime), probe: PROBE },
      { WORD: 'open sesame' },
    );
    scenario.ok('up', '-d', '--wait', 'maker');
    scenario.run('wait', 'maker');
    scenario.ok('up', '-d', 'own', 'other');
    const said = (service: string) =>
      eventually(`all that ${service} says`, () => {
        const { stdout } = scenario.ok('logs', '--no-log-prefix', service);
        return stdout.includes('== end') ? stdout : undefined;
      });
    expect(await said('other')).toBe(await said('own'));
    expect(await said('own')).toContain('open sesame');
    expect(await said('own')).toContain('0000000000000400');
    // And what comes in later: by exec, which may be the runtime's own.
    const seen = (service: string) => exec(service, PROBE);
    expect(seen('other')).toBe(seen('own'));
    expect(exec('other', 'id -u; id -G', '-u', '0')).toBe('0\n0 2000');
    expect(scenario.run('exec', '-T', 'other', 'sh', '-c', 'exit 9').status).toBe(9);
    expect(scenario.run('exec', '-T', 'other', 'no-such-program').status).toBe(127);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(scenario.root);
  });

  it.skipIf(!isThere)('serves its port and its name, is probed, scaled and stopped', async () => {
    scenario = new Scenario({ 'compose.yaml': served(runtime) });
    scenario.ok('up', '-d', '--wait');
    expect(scenario.container('project-web-1').Health).toBe('healthy');
    const first = await fetchText(18_961);
    expect(exec('web', 'hostname')).toBe(first);
    expect(exec('peer', 'node -e "fetch(\'http://web:8000\').then((a) => a.text()).then(console.log)"')).toBe(
      first,
    );
    expect(exec('web', 'getent hosts peer | wc -l')).toBe('1');
    scenario.ok('up', '-d', '--wait', '--scale', 'web=3');
    const answers = new Set<string>();
    await eventually('every replica has answered', async () => {
      answers.add(await fetchText(18_961));
      return answers.size === 3 || undefined;
    });
    expect(scenario.ok('top', 'web').stdout).toContain('node -e');
    expect(scenario.ok('stats', '--no-stream').stdout).toContain('project-web-3');
    scenario.ok('pause', 'web');
    expect(scenario.container('project-web-1').State).toBe('paused');
    scenario.ok('unpause', 'web');
    scenario.ok('restart', '-t', '0', 'web');
    scenario.ok('up', '-d', '--wait', '--scale', 'web=1');
    expect(await fetchText(18_961)).toBe(first);
    scenario.ok('stop', 'web');
    expect(scenario.container('project-web-1').State).toBe('exited');
    scenario.ok('start', '--wait', 'web');
    expect(await fetchText(18_961)).toBe(first);
  });

  it.skipIf(!isThere)('gives a terminal to run and to exec', async () => {
    scenario = new Scenario({ 'compose.yaml': command(runtime, 'sleep 622') });
    const pty = new Pty(
      scenario,
      "stty rows 33 cols 99; tcompose run --rm web sh -c 'tty; stty size; read x; echo got $x; exit 5'",
    );
    await pty.shows('/dev/pts/0\n33 99');
    pty.type('something\n');
    await pty.shows('got something');
    await pty.closed;
    expect(pty.child.exitCode).toBe(5);
    scenario.ok('up', '-d');
    const inside = new Pty(
      scenario,
      "stty rows 22 cols 88; tcompose exec web sh -c 'tty; stty size; read x; echo got $x; exit 6'",
    );
    await inside.shows('22 88');
    inside.type('more\n');
    await inside.shows('got more');
    await inside.closed;
    expect(inside.child.exitCode).toBe(6);
  });

  it.skipIf(!isThere)('is restarted by its policy, with its limits, and says why it ended', async () => {
    const line =
      "sh -c 'echo life; cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; sleep 0.2; exit 3'";
    scenario = new Scenario({
      'compose.yaml': command(runtime, line, "pids_limit: 66, restart: 'on-failure:2'"),
    });
    scenario.ok('up', '-d');
    expect(scenario.run('wait', 'web').status).toBe(3);
    expect(scenario.ok('logs', '--no-log-prefix', 'web').stdout).toBe('life\n66\n'.repeat(3));
    scenario.write(
      'compose.yaml',
      command(runtime, 'sh -c "x=a; while :; do x=$$x$$x$$x$$x; done"', 'mem_limit: 16m'),
    );
    scenario.ok('up', '-d');
    expect(scenario.run('wait', 'web').status).toBe(137);
    expect(scenario.ok('ps', '-a').stdout).toContain('out of memory');
  });

  it.skipIf(!isThere)('leaves nothing when its monitor is killed, and comes back', async () => {
    scenario = new Scenario({ 'compose.yaml': command(runtime, 'sleep 623', 'init: true') });
    scenario.ok('up', '-d');
    const { ID } = scenario.container('project-web-1');
    expect(findContained(ID).length).toBeGreaterThan(0);
    process.kill(findMonitor(ID), 'SIGKILL');
    await eventually('its processes are dead', () => findContained(ID).length === 0 || undefined);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(ID);
    scenario.ok('up', '-d');
    expect(scenario.container('project-web-1').State).toBe('running');
    expect(exec('web', 'cat /proc/1/comm')).not.toBe('');
    expect(scenario.ok('system', 'check').stdout).not.toContain(ID);
  });

  it.skipIf(!isThere)('says what it has to say of a command that cannot be', () => {
    scenario = new Scenario({ 'compose.yaml': command(runtime, 'no-such-program --flag') });
    const outcome = scenario.run('up', '-d');
    expect(outcome.status).toBe(127);
    expect(outcome.stderr).toContain('no-such-program');
    expect(outcome.stderr).toMatch(/executable file.* not found/);
    expect(scenario.container('project-web-1').State).toBe('exited');
  });
});
