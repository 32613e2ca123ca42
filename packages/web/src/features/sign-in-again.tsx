import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { dropPage } from '../data/page-owner.ts';
import { useSignInAgain } from '../data/session.ts';
import { Button } from '../ui/button.tsx';
import { Dialog, DialogButtons } from '../ui/dialog.tsx';
import { Form } from './form-frame.tsx';
import { onSubmit } from './form.ts';
import { SIGN_IN_FIELDS, SignInFields } from './sign-in-fields.tsx';
import { stopAsking, useIsAsking } from './sign-in-gate.ts';

/** In the place of a page whose session has ended with something unsaved on it. The same person finds it as it was. */
export function SignInAgain(): ReactNode {
  return (
    <Dialog
      open={useIsAsking()}
      onClose={dropPage}
      over
      title="Sign in again"
      description="Your session has ended. What you typed is still here; for anyone but you it is dropped."
    >
      <SignInForm />
    </Dialog>
  );
}

function SignInForm(): ReactNode {
  const client = useQueryClient();
  const signIn = useSignInAgain();
  const goOn = (): void => {
    stopAsking();
    void client.invalidateQueries();
  };
  return (
    <Form
      onSubmit={onSubmit(SIGN_IN_FIELDS, (fields) => signIn.mutate(fields, { onSuccess: goOn }))}
      error={signIn.error}
      fields={SIGN_IN_FIELDS}
    >
      <SignInFields error={signIn.error} />
      <DialogButtons>
        <Button onClick={dropPage}>Leave without saving</Button>
        <Button type="submit" look="primary" busy={signIn.isPending}>
          Sign in
        </Button>
      </DialogButtons>
    </Form>
  );
}
