"""What every room needs: targets, responses, seeds and named members."""
