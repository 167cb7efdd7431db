import { get } from 'node:http';

get('http://127.0.0.1:8080/health', (response) => process.exit(response.statusCode === 200 ? 0 : 1)).on(
  'error',
  (error) => {
    console.log(error.message);
    process.exit(1);
  },
);
