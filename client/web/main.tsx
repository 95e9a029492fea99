import '@mantine/core/styles.css';
import './style.css';
import './i18n/index.ts';
import { createTheme, MantineProvider } from '@mantine/core';
import { StrictMode } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { Provider } from 'urql';
import { App } from './app.tsx';
import { client } from './client.ts';

const theme = createTheme({
  primaryColor: 'blue',
  // White on it can be read, 5 to 1.
  primaryShade: { light: 8, dark: 8 },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    // Its arrows are too small for a finger; the keys of the same name do the same.
    NumberInput: { defaultProps: { hideControls: true } },
    Slider: { defaultProps: { thumbSize: 24 } },
    // What has no role may have no label.
    Loader: { defaultProps: { role: 'status' } },
  },
});

const root = createRoot(document.getElementById('root') as HTMLElement);
flushSync(() =>
  root.render(
    <StrictMode>
      <MantineProvider theme={theme} defaultColorScheme="auto">
        <Provider value={client}>
          <App />
        </Provider>
      </MantineProvider>
    </StrictMode>,
  ),
);
document.getElementById('before')?.remove();
