import tailwindcss from '@tailwindcss/vite';
import react from '@vitejs/plugin-react';
import { defaultClientConditions, defineConfig } from 'vite';

/** Static files for the server to serve under /web. In development, `vite` serves them and passes calls on. */
export default defineConfig({
  base: '/web/',
  plugins: [react(), tailwindcss()],
  resolve: { conditions: ['@coffer/source', ...defaultClientConditions] },
  build: {
    // A style or image in a data: URL would need a looser content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
});
