import { createTheme, MantineProvider } from '@mantine/core'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import './styles.css'
import { House } from './house.tsx'

const theme = createTheme({
  primaryColor: 'cyan',
  cursorType: 'pointer',
})

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The box is near: what it says is asked again as each page wants, and a refusal is an answer.
      retry: false,
      staleTime: 1000,
      networkMode: 'always',
    },
    mutations: { networkMode: 'always' },
  },
})

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      {/* The pages' policy allows no style elements: what Mantine would put into one is in styles.css. */}
      <MantineProvider
        theme={theme}
        defaultColorScheme="auto"
        withCssVariables={false}
        withGlobalClasses={false}
      >
        <House />
      </MantineProvider>
    </QueryClientProvider>
  </StrictMode>,
)
