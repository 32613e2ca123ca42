// Before the first paint, so that a page never flashes in the other theme.
(() => {
  const choice = localStorage.getItem('coffer-theme');
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
})();
