// Arbitrary Dockerfiles with their contexts, in the form of case.ts. What is ours by decision (docs/build.md) does not
// occur in them: users that nobody is, several sources without a slash.

import fc from 'fast-check';

const pick = <T>(...values: readonly T[]) => fc.constantFrom(...values);
const maybe = (flag: fc.Arbitrary<string>) => fc.option(flag, { nil: '' }).map((text) => text && `${text} `);
const join = (...parts: readonly fc.Arbitrary<string>[]) => fc.tuple(...parts).map((texts) => texts.join(''));

const names = [
  'a',
  'b.txt',
  'd/a',
  'd/b.txt',
  'd/e/f',
  'd/e/g.txt',
  'n/existing/x',
  'n/etc/y',
  'n/linked',
] as const;

const context = fc
  .tuple(
    fc.uniqueArray(
      fc.record({
        name: pick(...names),
        content: pick('', '1', 'two\\n'),
        mode: pick('644', '600', '755', '4755'),
      }),
      { minLength: 5, maxLength: 9, selector: ({ name }) => name },
    ),
    fc.option(pick('*.txt', 'd/e', 'd\\n!d/a', '**/f', 'a\\nb*', '*\\n!d', '**/*.txt\\n!d/b.txt')),
    fc.option(pick('a', 'd', 'd/e', '/etc/passwd', 'nowhere')),
    pick('700', '755', '1777'),
  )
  .map(([files, ignored, link, mode]) => [
    ...files.map(({ name, content }) => `#! file ${name}=${content}`),
    ...files.map(({ name, mode: own }) => `#! mode ${name}=${own}`),
    ...['d', 'n'].map((name) => `#! dir ${name}=`),
    `#! mode d=${mode}`,
    ...(link === null ? [] : [`#! link l=${link}`, `#! link d/l=${link}`]),
    ...(ignored === null ? [] : [`#! file .dockerignore=${ignored}`]),
  ]);

const source = pick(
  'a',
  'b.txt',
  'd',
  'd/',
  './d/e',
  'd/a',
  'n',
  '*',
  '*.txt',
  'd/*',
  '?',
  'd/[ab]*',
  'l',
  'nothing*',
  '$V',
);
const target = pick(
  ...['/x', '/x/', '/x/y', '/existing', '/existing/', '/linked', '/linked/z', '.', './q', '..', '/', '/$V/'],
);
const owner = pick('--chown=app', '--chown=0', '--chown=5:6', '--chown=app:staff', '--chown=1000:');
const mode = pick('--chmod=640', '--chmod=0751', '--chmod=u+x,go-r', '--chmod=a=rX', '--chmod=4755');
const exclude = pick('--exclude=*.txt', '--exclude=e', '--exclude=**/f', '--exclude=a');

const copy = join(
  pick('COPY ', 'COPY ', 'ADD '),
  maybe(owner),
  maybe(mode),
  maybe(exclude),
  source,
  fc.constant(' '),
  target,
);
const numericOwner = pick('--chown=0', '--chown=5:6', '--chown=1000');
const linked = join(
  fc.constant('COPY --link '),
  maybe(numericOwner),
  source,
  fc.constant(' '),
  pick('/x/', '/k/l', '/existing/'),
);
const several = join(
  pick('COPY ', 'ADD '),
  maybe(owner),
  source,
  fc.constant(' '),
  source,
  fc.constant(' /s/'),
);
const fromStage = join(
  pick('COPY --from=base ', 'COPY --from=first '),
  maybe(owner),
  pick('/etc/passwd', '/existing', '/home', '/linked/', '/etc/*', '/x*'),
  fc.constant(' '),
  target,
);
const inline = join(
  pick('COPY ', 'ADD '),
  maybe(mode),
  pick('<<E', '<<"E"', '<<-E'),
  pick(' /h', ' /existing/', ' ./i'),
  fc.constant('\n\tone $V ${W:-d} \\$V\ntwo "q"\nE'),
);
const run = pick(
  'RUN true',
  'RUN echo $V-$W > /r; id > /i',
  'RUN ["sh", "-c", "pwd > /tmp/p"]',
  'RUN rm -rf /existing/old /x || true',
  'RUN mkdir -p /x/y && chmod 711 /x || true',
  'RUN ln -s /x /k || true',
  'RUN mv /linked /moved || true',
  'RUN <<E\necho $V > /tmp/v\necho b >> /tmp/v\nE',
  'RUN --mount=type=bind,target=/m ls /m > /tmp/m',
  'RUN --mount=type=cache,target=/c touch /c/x; ls /c > /tmp/c',
  'RUN --mount=type=tmpfs,target=/existing touch /existing/gone',
  'RUN --mount=from=base,source=/etc,target=/m cp /m/group /tmp/g',
);
const settings = pick(
  'ENV V=1 W=$V',
  'ENV V=d',
  'ENV W "a b"',
  'ARG V=a',
  'ARG W',
  'ARG U=${V}x T=${U}',
  'LABEL l=$V m="${W:-n} $U" "o p"=q\\ r',
  'WORKDIR /w',
  'WORKDIR v/$V',
  'WORKDIR /existing/../u/',
  'USER app',
  'USER 5',
  'USER app:staff',
  'USER root',
  'EXPOSE 80 5353/UDP 9000-9002',
  'EXPOSE ${W:-1}0/tcp',
  'VOLUME /x /y',
  'VOLUME ["/z", "/$V"]',
  'CMD run $V',
  'CMD ["run", "it"]',
  'ENTRYPOINT ["enter"]',
  'ENTRYPOINT enter $V',
  'SHELL ["/bin/sh", "-ec"]',
  'HEALTHCHECK --interval=90s --retries=3 CMD test -e /x',
  'HEALTHCHECK NONE',
  'STOPSIGNAL SIGINT',
  'MAINTAINER some $V body',
  'ONBUILD RUN echo triggered > /tmp/t',
  'ONBUILD COPY a /triggered',
  '# a comment',
);

const instruction = fc.oneof(
  { weight: 5, arbitrary: copy },
  { weight: 1, arbitrary: linked },
  { weight: 1, arbitrary: several },
  { weight: 2, arbitrary: fromStage },
  { weight: 2, arbitrary: inline },
  { weight: 4, arbitrary: run },
  { weight: 8, arbitrary: settings },
);
const body = fc.array(instruction, { minLength: 2, maxLength: 8 });

/** A text of case.ts. */
export const randomCase = fc
  .tuple(context, pick('', 'ARG V=g\n'), body, pick('base', 'first', 'scratch'), body)
  .map(([lines, globals, first, base, second]) =>
    [
      ...lines,
      `${globals}FROM base AS first`,
      ...first,
      `FROM ${base}`,
      ...withoutCommands(base, second),
      '',
    ].join('\n'),
  );

/** There is no shell in an empty image, and nobody has a name. */
function withoutCommands(base: string, instructions: readonly string[]): readonly string[] {
  if (base !== 'scratch') return instructions;
  return instructions
    .filter((text) => !/^(ONBUILD )?RUN/.test(text))
    .map((text) => text.replace(/(chown=|USER )app(:staff)?/, '$17'));
}
