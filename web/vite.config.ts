import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` shows the page on a port of its own; what it asks for comes from a server at its usual place.
const SERVER = "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  build: {
    target: "es2022",
    // Every file has a name of its own, made of its content, but for the page itself: it may be kept for ever.
    assetsDir: "assets",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    emptyOutDir: true,
  },
  worker: { format: "es" },
  server: { proxy: { "/api": SERVER, "/openapi.json": SERVER } },
  test: {
    // Painting 50 megapixels takes seconds where the machine does other things, too.
    testTimeout: 120_000,
  },
});
