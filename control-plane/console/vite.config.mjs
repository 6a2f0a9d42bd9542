import { preact } from '@preact/preset-vite';
import { defineConfig } from 'vite';

/** The browser console: built into control-plane/dist/console, which the server sends as static files. */
export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [preact()],
  build: {
    outDir: '../dist/console',
    emptyOutDir: true,
    sourcemap: true,
    target: 'es2022',
  },
});
