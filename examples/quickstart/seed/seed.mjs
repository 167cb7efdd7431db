// Gives the store its first values, unless it has them: what users did since is never overwritten.

const store = process.env.STORE_URL;
const values = { motto: 'decide, then do', seededAt: new Date().toISOString() };

for (const [name, value] of Object.entries(values)) {
  const response = await fetch(`${store}/values/${name}?if-absent`, {
    method: 'PUT',
    body: JSON.stringify(value),
  });
  if (![200, 412].includes(response.status)) {
    console.error(`the store answered ${response.status} for ${name}`);
    process.exit(1);
  }
  console.log(`${name}: ${response.status === 200 ? 'seeded' : 'already there'}`);
}
