// The short forms of a service's attributes. Source: compose-spec 05-services.md, build.md.

import { findNearest } from '../../base/suggest.ts';
import { parseDevice } from '../syntax/device.ts';
import { mountOptions, parseMount } from '../syntax/mount.ts';
import { parsePort } from '../syntax/port.ts';
import {
  isList,
  isMapping,
  type Mapping,
  mappingAt,
  newList,
  newMapping,
  pushItem,
  setEntry,
  type Value,
  valuePlace,
} from '../text/tree.ts';
import {
  eachItem,
  entries,
  type Form,
  type FormContext,
  keyValues,
  parsed,
  singleEntry,
  toKeys,
  toList,
  toMapping,
} from './form.ts';

const dependencies: Form = (value, context) => {
  if (!isList(value)) return value;
  const mapping = newMapping(context.at);
  value.forEach((item, index) => {
    const at = valuePlace(value, index);
    setEntry(mapping, String(item), entries({ condition: 'service_started', required: true }, at), at, at);
  });
  return mapping;
};

const eachPort = eachItem((value, context) => {
  if (!isMapping(value)) return parsed('port-invalid', portsFrom)(String(value), context);
  const published = value['published'];
  if (typeof published === 'number' && !context.lenient)
    setEntry(value, 'published', String(published), valuePlace(value, 'published'));
  return value;
});

/** As one port may be several, a list with a variable in it stays as it is until the variable is known. */
const ports: Form = (value, context) => {
  const isOpen =
    context.lenient && isList(value) && value.some((port) => typeof port === 'string' && port.includes('$'));
  return isOpen ? value : eachPort(value, context);
};

function portsFrom(text: string, context: FormContext): Value[] {
  return parsePort(text).map((spec) =>
    entries(
      {
        mode: 'ingress',
        host_ip: spec.hostIp,
        target: spec.target,
        published: spec.published,
        protocol: spec.protocol,
      },
      context.at,
    ),
  );
}

const mounts = eachItem(parsed('mount-invalid', mountFrom));

function mountFrom(text: string, context: FormContext): Value {
  const spec = parseMount(text);
  for (const option of spec.ignored) warnOption(option, context);
  const bind = {
    ...(spec.selinux ? { selinux: spec.selinux } : {}),
    ...(spec.propagation ? { propagation: spec.propagation } : {}),
    ...(spec.type === 'bind' ? { create_host_path: true } : {}),
  };
  return entries(
    {
      type: spec.type,
      source: spec.source,
      target: spec.target,
      read_only: spec.readOnly,
      bind: spec.type === 'bind' || Object.keys(bind).length > 0 ? entries(bind, context.at) : undefined,
      // Docker Compose gives a target of one or two characters no options.
      volume:
        spec.type === 'volume' && text.length > 2 ? entries({ nocopy: spec.nocopy }, context.at) : undefined,
    },
    context.at,
  );
}

function warnOption(option: string, context: FormContext): void {
  const nearest = findNearest(option, mountOptions);
  context.diagnostics.warn({
    code: 'mount-invalid',
    message: `${context.path}: the option \`${option}\` means nothing and is ignored`,
    at: context.at,
    hints: [nearest ? `did you mean \`${nearest}\`?` : `options are ${mountOptions.join(', ')}`],
  });
}

const devices = eachItem(
  parsed('value-format', (text, context) => entries({ ...parseDevice(text) }, context.at)),
);

const fileReferences = eachItem((value, context) =>
  typeof value === 'string' ? singleEntry('source', value, context.at) : value,
);

const envFiles: Form = (value, context) =>
  eachItem((item, inner) => (isMapping(item) ? item : singleEntry('path', item, inner.at)))(
    toList(value, context),
    context,
  );

/** `HOST=IP` each; the older `HOST:IP` and the mapping form become that. */
const extraHosts: Form = (value, context) => {
  if (context.lenient) return value;
  const list = newList(context.at);
  if (isMapping(value)) {
    for (const host of Object.keys(value).sort()) {
      for (const address of [value[host]].flat())
        pushItem(list, `${host}=${address ?? ''}`, valuePlace(value, host));
    }
  } else if (isList(value)) {
    value.forEach((item, index) => {
      const at = valuePlace(value, index);
      for (const line of hostLines(String(item), { ...context, at })) pushItem(list, line, at);
    });
  }
  return list;
};

function hostLines(text: string, context: FormContext): string[] {
  const match = /^([^=]*)=(.*)$/.exec(text) ?? /^([^:]*):(.*)$/.exec(text);
  if (match) return (match[2] ?? '').split(',').map((address) => `${match[1]}=${unbracket(address)}`);
  context.diagnostics.error({
    code: 'value-format',
    message: `${context.path}: \`${text}\` has no address`,
    at: context.at,
    hints: ['write HOST=IP'],
  });
  return [text];
}

function unbracket(address: string): string {
  return /^\[.*\]$/.test(address) ? address.slice(1, -1) : address;
}

/** `all` */
const gpus: Form = (value, context) => {
  const list = isList(value) ? value : toList(singleEntry('count', 'all', context.at), context);
  expandEach(list, { options: keyValues }, context);
  return list;
};

const develop: Form = (value, context) => {
  const watch = isMapping(value) ? value['watch'] : undefined;
  for (const trigger of isList(watch) ? watch : []) {
    if (!isMapping(trigger)) continue;
    expandEntries(trigger, { ignore: toList, include: toList }, context);
    expandEntries(mappingAt(trigger, 'exec'), { environment: keyValues }, context);
  }
  return value;
};

const deploy: Form = (value, context) => {
  if (!isMapping(value)) return value;
  expandEntries(value, { labels: keyValues }, context);
  const reservations = mappingAt(mappingAt(value, 'resources'), 'reservations');
  expandEach(reservations?.['devices'], { options: keyValues }, context);
  return value;
};

/** Hooks have an environment of their own. */
const hooks: Form = (value, context) => {
  expandEach(value, { environment: keyValues }, context);
  return value;
};

function expandEach(list: Value | undefined, forms: Readonly<Record<string, Form>>, context: FormContext) {
  for (const item of isList(list) ? list : []) if (isMapping(item)) expandEntries(item, forms, context);
}

/** In place. */
function expandEntries(
  mapping: Mapping | undefined,
  forms: Readonly<Record<string, Form>>,
  context: FormContext,
): void {
  for (const [key, form] of Object.entries(forms)) {
    const value = mapping?.[key];
    if (mapping === undefined || value === undefined || value === null) continue;
    const at = valuePlace(mapping, key);
    setEntry(mapping, key, form(value, { ...context, at, path: `${context.path}.${key}` }), at);
  }
}

/** A mapping even if nothing is interpolated: what is resolved as a path is the value alone. */
const ssh: Form = (value, context) => {
  const mapping = keyValues(value, { ...context, lenient: false });
  if (isList(value) && isMapping(mapping)) {
    for (const id of Object.keys(mapping)) {
      if (mapping[id] !== null || id === 'default') continue;
      const message = `${context.path}: the key \`${id}\` has no path`;
      context.diagnostics.error({
        code: 'value-format',
        message,
        at: context.at,
        hints: [`write ${id}=PATH`],
      });
    }
  }
  return mapping;
};

/** As `ssh`. */
const contexts: Form = (value, context) => {
  const mapping = keyValues(value, { ...context, lenient: false });
  if (isList(value) && isMapping(mapping)) {
    for (const name of Object.keys(mapping)) {
      if (mapping[name] !== null) continue;
      const message = `${context.path}: \`${name}\` has no value`;
      context.diagnostics.error({
        code: 'value-format',
        message,
        at: context.at,
        hints: [`write ${name}=CONTEXT`],
      });
    }
  }
  return mapping;
};

const expose = eachItem((value, context) => (context.lenient ? value : String(value)));

const volumes: Form = (value, context) => {
  const list = mounts(value, context);
  for (const mount of isList(list) ? list : []) {
    if (isMapping(mount)) expandEntries(mappingAt(mount, 'volume'), { labels: keyValues }, context);
  }
  return list;
};

export const serviceForms: Readonly<Record<string, Form>> = {
  annotations: keyValues,
  build: toMapping('context'),
  configs: fileReferences,
  depends_on: dependencies,
  deploy,
  develop,
  devices,
  dns: toList,
  dns_search: toList,
  env_file: envFiles,
  environment: keyValues,
  expose,
  extends: toMapping('service'),
  extra_hosts: extraHosts,
  gpus,
  label_file: toList,
  labels: keyValues,
  models: toKeys,
  networks: toKeys,
  ports,
  post_start: hooks,
  pre_start: hooks,
  pre_stop: hooks,
  secrets: fileReferences,
  sysctls: keyValues,
  tmpfs: toList,
  volumes,
};

export const buildForms: Readonly<Record<string, Form>> = {
  additional_contexts: contexts,
  args: keyValues,
  extra_hosts: extraHosts,
  labels: keyValues,
  no_cache_filter: toList,
  secrets: fileReferences,
  ssh,
};
