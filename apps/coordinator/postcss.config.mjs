/** Tailwind 4 is a PostCSS plugin; everything else about styles is in styles/. */
export default { plugins: { '@tailwindcss/postcss': {} } };
